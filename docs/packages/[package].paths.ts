import { readFileSync } from 'node:fs'
import { libraries, packages, root } from '../../apps/site/src/docs/packages.ts'

/** A page for every package: its README, and the way to its API. */
export default {
  paths: (): { params: { package: string }; content: string }[] =>
    packages.map(each => ({
      params: { package: each.page },
      content:
        readFileSync(`${root}${each.folder}/README.md`, 'utf8') +
        (libraries.includes(each) ? `\n[Every name with its type](/api/${each.page})\n` : '')
    }))
}
