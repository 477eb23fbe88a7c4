import { expect, test } from 'vitest'
import { ownRecipeFiles, recipeFiles } from './recipe-files.ts'

const sources = {
  '01-a.ts': 'export default 1',
  '02-b.ts': `import a from './01-a.ts'`,
  '03-c.ts': `import b from './02-b.ts'\nimport { tf } from 'lapstrake'`
}

test('a recipe brings the files it stands on, and no others', () => {
  expect(Object.keys(recipeFiles('03-c.ts', sources['03-c.ts'], sources)).sort()).toEqual([
    '01-a.ts',
    '02-b.ts',
    '03-c.ts'
  ])
  expect(recipeFiles('03-c.ts', 'export default 3', sources)).toEqual({ '03-c.ts': 'export default 3' })
})

test('a recipe for own images says how Node trains it', () => {
  const mine = ownRecipeFiles('03-c.ts', sources['03-c.ts'], sources, 7)['my-c.ts']
  expect(mine).toContain(`const data = imageFolder('./images', { size: 32 })`)
  expect(mine).toContain('npx lapstrake train my-c.ts --seed 7')
})
