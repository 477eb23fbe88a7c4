import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { openRun } from '@lapstrake/runs/node'
import { crc32c, sealJson } from 'lapstrake/node'
import { dispose, seeded, useBackend, type ProgressSchedule } from 'lapstrake'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
let recipe: string
let trained: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
  recipe = join(folder, 'recipe.ts')
  trained = join(folder, 'run')
  await writeFile(recipe, `${tinyRecipe()}export const certificate = { negatives: 1 }\n`)
  const { status, stderr } = lapstrake('train', recipe, '--backend', 'wasm', '--out', trained)
  expect(status, stderr).toBe(0)
  await useBackend('wasm')
})
afterAll(() => rm(folder, { recursive: true }))

test('what a run learned is ready to encode, at any level, and leaves nothing', async () => {
  const before = tf.memory().numTensors
  const run = await openRun(trained)
  expect([run.manifest.name, run.experiment.name, run.notes, run.exports]).toEqual([
    'tiny',
    'tiny',
    [],
    { certificate: { negatives: 1 } }
  ])
  const images = seeded(1).uniform([2, 28, 28, 3])
  const [top, pixels, untrained] = [run.encode(images), run.encode(images, { level: 0 }), run.untrained()]
  expect([top.shape, run.encode(images, { level: 1 }).shape]).toEqual([
    [2, 4, 4, 6],
    [2, 7, 7, 4]
  ])
  expect([...(await pixels.data())]).toEqual([...(await images.data())])
  const others = run.network.encode(untrained, images)
  expect([...(await top.data())]).not.toEqual([...(await others.data())])
  expect(() => run.encode(tf.zeros([2, 28, 28, 1]))).toThrow(
    'encode: expected inputs of shape [batch, 28, 28, 3], as the network learned from, got [2, 28, 28, 1].'
  )
  expect(() => run.encode(images, { level: 7 })).toThrow('level')
  const [rows, means] = [run.encode(images, { pooled: true }), tf.mean(top, [1, 2])]
  expect([rows.shape, [...(await rows.data())]]).toEqual([[2, 6], [...(await means.data())]])
  expect(run.shapes).toEqual([
    [28, 28, 3],
    [7, 7, 4],
    [4, 4, 6]
  ])
  const grey = await run.read({ data: new Uint8Array(40 * 50 * 3).fill(51), height: 40, width: 50 })
  expect([grey.shape, [...new Set(await grey.data())]]).toEqual([[1, 28, 28, 3], [Math.fround(0.2)]])
  for (const made of [top, pixels, untrained, others, images, rows, means, grey]) dispose(made as typeof top)
  run.dispose()
  // One of level 1, and the zeros.
  expect(tf.memory().numTensors).toBe(before + 2)
})

test('a checkpoint of it opens too, and a recipe that has changed since is noted', async () => {
  const state = await openRun(trained, { weights: 'state.safetensors' })
  const images = tf.ones([1, 28, 28, 3])
  const weights = await openRun(trained)
  expect([...(await state.encode(images).data())]).toEqual([...(await weights.encode(images).data())])
  const text = await readFile(recipe, 'utf8')
  await appendFile(recipe, 'export const more = 1\n')
  expect((await openRun(trained)).notes).toEqual([expect.stringContaining('has changed since this run')])
  await writeFile(recipe, text)
})

test('without a backend it says what to do', () => {
  const program = `import { openRun } from 'lapstrake/node'
await openRun(${JSON.stringify(trained)}).catch(error => console.log(error.message))`
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@lapstrake/source', '--import', 'tsx', '--input-type=module', '-e', program],
    { cwd: root, encoding: 'utf8' }
  )
  expect(stdout).toBe("openRun: expected a backend to be set, got none. Call await useBackend('wasm') before.\n")
})

test('a run opens whose recipe has the fields of before: they are read as what they are now', async () => {
  const manifestAt = join(trained, 'manifest.json')
  const [manifest, kept] = [readFileSync(manifestAt, 'utf8'), readFileSync(join(trained, 'recipe.mjs'), 'utf8')]
  const older = kept.replace(
    /export \{[\s\S]*$/,
    `recipe_default.data = 'shapes'
recipe_default.examples = 64
recipe_default.freeze = { patience: 9 }
recipe_default.certificate = { negatives: 2 }
export { recipe_default as default }
`
  )
  expect(older).toContain('patience')
  const { crc32c: _, ...told } = JSON.parse(manifest) as { crc32c: unknown; checksums: Record<string, number> }
  const checksums = { ...told.checksums, 'recipe.mjs': crc32c(older) }
  await writeFile(join(trained, 'recipe.mjs'), older)
  await writeFile(manifestAt, `${sealJson({ ...told, checksums }, 2)}\n`)
  const { experiment, exports, dispose: free } = await openRun(trained)
  expect(exports).toEqual({ certificate: { negatives: 2 } })
  expect([experiment.data, 'freeze' in experiment, 'examples' in experiment]).toEqual([undefined, false, false])
  expect((experiment.schedule as ProgressSchedule).settings).toMatchObject({ patience: 9 })
  free()
  await writeFile(join(trained, 'recipe.mjs'), kept)
  await writeFile(manifestAt, manifest)
})
