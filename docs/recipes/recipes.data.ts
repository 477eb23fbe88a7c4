import { execFileSync } from 'node:child_process'
import type { RecipeFacts } from '../../apps/site/src/recipe-facts.ts'

declare const data: readonly RecipeFacts[]
export { data }

// The site's builder does not see the packages' sources, so another process reads the recipes.
const loader: { readonly watch: string[]; load(): readonly RecipeFacts[] } = {
  watch: ['./*.ts'],
  load: () =>
    JSON.parse(
      execFileSync(process.execPath, ['scripts/run-source.mjs', 'apps/site/src/recipe-facts.ts'], {
        cwd: new URL('../../', `file://${import.meta.dirname}/`),
        encoding: 'utf8'
      })
    ) as readonly RecipeFacts[]
}

export default loader
