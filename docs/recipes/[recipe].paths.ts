import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { docComment, withLeads } from '../../apps/site/src/components/run/doc-comment.ts'

interface RecipePage {
  readonly params: { readonly recipe: string }
  readonly content: string
}

/** A page for each recipe: the words of its doc comment, and what was measured of it. */
const pages: { readonly watch: string[]; paths(): RecipePage[] } = {
  watch: ['./*.ts', '../results/*/table.md'],
  paths: () =>
    readdirSync(import.meta.dirname)
      .filter(file => /^\d\d-.*(?<!\.test)\.ts$/.test(file))
      .map(file => {
        const recipe = file.replace(/\.ts$/, '')
        const { title, text } = docComment(readFileSync(`${import.meta.dirname}/${file}`, 'utf8'), file)
        const measured = `${import.meta.dirname}/../results/${recipe}/table.md`
        return {
          params: { recipe },
          content: [
            `# ${title}`,
            withLeads(text),
            ...(existsSync(measured) ? ['## What was measured', readFileSync(measured, 'utf8')] : [])
          ].join('\n\n')
        }
      })
}

export default pages
