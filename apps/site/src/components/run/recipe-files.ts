import type { Sources } from '../../run/evaluate.ts'

/** A recipe as its reader left it, and the files beside it that it imports, directly or through another. */
export function recipeFiles(recipe: string, source: string, sources: Sources): Sources {
  const files: Record<string, string> = {}
  const add = (name: string, text: string): void => {
    files[name] = text
    for (const [, beside] of text.matchAll(/from\s*['"]\.\/([^'"]+)['"]/g)) {
      if (!(beside! in files) && sources[beside!] !== undefined) add(beside!, sources[beside!]!)
    }
  }
  add(recipe, source)
  return files
}

/** The same, and a file that trains the recipe on images of one's own, with the command for it. */
export function ownRecipeFiles(recipe: string, source: string, sources: Sources, seed: number): Sources {
  const name = `my-${recipe.replace(/^\d+-/, '')}`
  return {
    ...recipeFiles(recipe, source, sources),
    [name]: `import { imageFolder, type Experiment } from 'lapstrake'
import recipe from './${recipe}'

/**
 * Put images beside this file as images/train/<class>/<image>.png or .jpg, and some to test with into images/test. Then
 * train it in Node:
 *
 *     npm install lapstrake @lapstrake/cli
 *     npx lapstrake train ${name} --seed ${seed}
 */
const data = imageFolder('./images', { size: 32 })
const mine: Experiment = { ...recipe, name: '${name.replace(/\.ts$/, '')}', data }

export default mine
`
  }
}
