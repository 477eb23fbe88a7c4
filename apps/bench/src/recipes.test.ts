import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readResults, tableFile, tableOf } from './recipes/results.ts'
import { sourceSeal } from './recipes/source-seal.ts'

const recipes = readdirSync('docs/results')
  .filter(folder => /^\d\d-/.test(folder))
  .map(folder => `${folder}.ts`)

describe.each(recipes)('what was measured of %s', file => {
  const stem = file.replace(/\.ts$/, '')
  const folder = `docs/results/${stem}`
  const command = `npm run --silent study:recipe -- docs/recipes/${file}`

  test('is of the recipe as it is, with raw pixels and an untrained network beside it', async () => {
    const source = await sourceSeal(`docs/recipes/${file}`)
    const results = await readResults(folder)
    expect(
      results.filter(result => result.source !== source).map(({ method }) => method),
      `The recipe has changed since. Measure again: ${command}`
    ).toEqual([])
    expect(results.map(({ method }) => method)).toEqual(expect.arrayContaining(['pixels', 'untrained']))
  })

  test('is what its table says', async () => {
    expect(existsSync(tableFile(folder))).toBe(true)
    expect(readFileSync(tableFile(folder), 'utf8')).toBe(`${tableOf(await readResults(folder), command)}\n`)
  })
})

test('a seal is of what runs, not of its comments, and follows what is imported', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seal-'))
  const sealOf = async (own: string, imported: string): Promise<string> => {
    await writeFile(`${folder}/imported.ts`, imported)
    await writeFile(`${folder}/own.ts`, `import one from './imported.ts'\n${own}`)
    return sourceSeal(`${folder}/own.ts`)
  }
  const first = await sealOf('export const two = one', 'export default 1')
  expect(await sealOf('/** Two. */\n// of one\nexport const two =\n  one', 'export default 1')).toBe(first)
  expect(await sealOf('export const two = one', 'export default 2')).not.toBe(first)
})
