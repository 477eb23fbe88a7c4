import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stagesOf } from './loaded.ts'
import { nearest } from './nearest.ts'

const root = join(import.meta.dirname, '../../..')
let folder: string
let run: string
const lapstrake = (...given: string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/lapstrake.mjs'), ...given], {
    cwd: root,
    encoding: 'utf8'
  })
  expect(status, stderr).toBe(0)
}
const photo = (colour: string): Promise<Buffer> =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: colour } })
    .png()
    .toBuffer()

beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
  run = join(folder, 'run')
  await writeFile(
    join(folder, 'recipe.ts'),
    `import { convNet, greedy, ntXent, projector, sgd, shapes, simclr, twoViews } from 'lapstrake'
export default {
  name: 'tiny', data: shapes({ limit: 64 }), batchSize: 16, epochs: 1,
  views: twoViews(simclr({ size: 28, preset: 'cifar' })),
  backbone: convNet({ widths: [8, 12], strides: [4, 2], layers: 1 }), isolation: greedy(),
  head: () => projector({ dims: [8] }), loss: () => ntXent(), optimizer: sgd({ learningRate: 0.01 })
}
`
  )
  lapstrake('train', join(folder, 'recipe.ts'), '--backend', 'wasm', '--out', run)
  lapstrake('export', run)
  await mkdir(join(folder, 'photos'))
  for (const [name, colour] of Object.entries({ red: '#f00', blue: '#00f', green: '#0c0' }))
    await writeFile(join(folder, 'photos', `${name}.png`), await photo(colour))
  await writeFile(join(folder, 'query.png'), await photo('#f80808'))
})
afterAll(() => rm(folder, { recursive: true }))

const guide = 'docs/guide/use'
test.each([`${guide}/nearest.ts`, `${guide}/loaded.ts`, 'apps/examples/plain/encode.js'])(
  'the page shows %s as it is',
  async file => {
    const page = await readFile(join(root, 'docs/guide/use-what-you-trained.md'), 'utf8')
    expect(page).toContain((await readFile(join(root, file), 'utf8')).trim())
  }
)

test('the nearest photograph is the one that looks most alike', async () => {
  const found = await nearest(run, join(folder, 'photos'), join(folder, 'query.png'))
  expect(found.map(({ file }) => file)).toHaveLength(3)
  expect(found[0]!.file).toBe(join(folder, 'photos', 'red.png'))
  expect(found[0]!.similarity).toBeGreaterThan(0.99)
})

test('every stage of what was exported is read, and nothing is left', async () => {
  await stagesOf(join(run, 'network.safetensors'), join(folder, 'query.png'))
  const before = tf.memory().numTensors
  const stages = await stagesOf(join(run, 'network.safetensors'), join(folder, 'query.png'))
  expect(stages.map(({ length }) => length)).toEqual([8, 12])
  expect(stages.flat().every(Number.isFinite)).toBe(true)
  expect(tf.memory().numTensors).toBe(before)
})
