import { readdirSync, readFileSync } from 'node:fs'
import { docComment } from '../../apps/site/src/components/run/doc-comment.ts'

interface RecipePage {
  readonly params: { readonly recipe: string }
  readonly content: string
}

/** A page for each recipe, whose words are its own doc comment. */
const pages: { readonly watch: string[]; paths(): RecipePage[] } = {
  watch: ['./*.ts'],
  paths: () =>
    readdirSync(import.meta.dirname)
      .filter(file => /^\d\d-.*(?<!\.test)\.ts$/.test(file))
      .map(file => {
        const { title, text, command } = docComment(readFileSync(`${import.meta.dirname}/${file}`, 'utf8'), file)
        return {
          params: { recipe: file.replace(/\.ts$/, '') },
          content: [`# ${title}`, text, ...(command === undefined ? [] : [`\`\`\`sh\n${command}\n\`\`\``])].join('\n\n')
        }
      })
}

export default pages
