import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runFiles, type Manifest } from '@lapstrake/runs/node'
import { crc32c, openJson, sealJson } from 'lapstrake/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-data-'))
})
afterAll(() => rm(folder, { recursive: true }))

const plain = ['--backend', 'wasm', '--threads', '1']

function trained(name: string, ...more: string[]): string {
  const recipe = join(folder, `${name}.ts`)
  writeFileSync(recipe, tinyRecipe())
  const out = join(folder, name)
  const { status, stderr } = lapstrake('train', recipe, ...plain, '--out', out, ...more)
  expect(status, stderr).toBe(0)
  return out
}

const manifestIn = (run: string): Manifest =>
  openJson<Manifest>(readFileSync(join(run, runFiles.manifest), 'utf8'), 'manifest')

/** The same run as it was kept when recipes named their data by a string. */
function asOfOld(run: string, named: string): string {
  const old = `${run}-${named}`
  cpSync(run, old, { recursive: true })
  const { options, ...manifest } = manifestIn(run)
  const { data: _, examples: __, ...kept } = options
  const oldRecipe = (text: string): string => text.replace('shapes({ limit: 64 })', `"${named}", examples: 64`)
  const recipe = oldRecipe(readFileSync(join(run, runFiles.recipe), 'utf8'))
  writeFileSync(join(old, runFiles.recipe), recipe)
  const file = join(folder, `${named}-of-old.ts`)
  writeFileSync(file, oldRecipe(tinyRecipe()))
  writeFileSync(
    join(old, runFiles.manifest),
    sealJson({
      ...manifest,
      recipe: file,
      options: kept,
      checksums: { ...manifest.checksums, [runFiles.recipe]: crc32c(recipe) }
    })
  )
  return old
}

const readout = (run: string): string => {
  const { status, stdout, stderr } = lapstrake('evaluate', run, '--backend', 'wasm', '--test', '64')
  expect(status, stderr).toBe(0)
  return stdout
}

test("a run is read with its recipe's own data, or with what --data named, and says by name which", () => {
  const [own, other] = [trained('own'), trained('other', '--data', 'shapes', '--examples', '48')]
  expect(manifestIn(own)).toMatchObject({ data: 'shapes', examples: 64 })
  expect(manifestIn(own).options).not.toHaveProperty('data')
  expect(manifestIn(other)).toMatchObject({ data: 'shapes', examples: 48, options: { data: 'shapes', examples: 48 } })
  for (const run of [own, other]) {
    readout(run)
    const { status, stderr } = lapstrake('train', '--resume', run, '--epochs', '4')
    expect([status, stderr]).toEqual([0, expect.stringContaining('Going on behind step')])
  }
})

describe('a run whose recipe named its data by a string', () => {
  test.each([
    ['the data of its recipe', 'shapes'],
    ['others that --data named', 'cifar10']
  ])('is evaluated, gone on with and reported, with %s', (_, named) => {
    const now = trained(`now-${named}`)
    const old = asOfOld(now, named)
    expect(readout(old)).toBe(readout(now).replaceAll(now, old))
    const again = lapstrake('train', '--resume', old, '--epochs', '4')
    expect([again.status, again.stderr]).toEqual([0, expect.stringContaining('Going on behind step 12.')])
    const page = join(folder, `${named}.html`)
    const report = lapstrake('report', old, '--out', page)
    expect(report.status, report.stderr).toBe(0)
  })

  test('and the recipe itself is refused with the line as it should read', () => {
    const file = join(folder, 'named.ts')
    writeFileSync(file, tinyRecipe().replace('shapes({ limit: 64 })', "'fashion-mnist', examples: 10_000"))
    const { status, stderr } = lapstrake('train', file, ...plain, '--out', join(folder, 'never'))
    expect([status, stderr]).toEqual([
      1,
      "recipe: expected the data of tiny to be a value, as cifar10() is, got 'fashion-mnist'. " +
        "Write: data: fashionMnist({ limit: 10_000 }) with import { fashionMnist } from 'lapstrake'\n"
    ])
  })
})
