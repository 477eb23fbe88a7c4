import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createTrainer, describeRun, dispose, seeded, tensorsOf, useBackend, type State } from 'lapstrake'
import { loadKeptRecipe, readManifest, type Manifest, openRun, readRun } from '@lapstrake/runs/node'
import { deserialiseTensors, deserialiseTree, openImageFolder, readScalars } from 'lapstrake/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { embeddingMap } from '../pages/embedding-map.ts'
import { lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

/** What a reader made of a file: what it holds, or what was said of it. */
interface Answer {
  readonly holds?: unknown
  readonly said: readonly string[]
}

const flips = 200

let folder: string
let run: string
let manifest: Manifest
let untrained: State

const of = (file: string): string => join(run, file)

beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
  run = join(folder, 'run')
  const recipe = join(folder, 'recipe.ts')
  await writeFile(recipe, tinyRecipe())
  const backend = ['--backend', 'cpu']
  const commands = [
    ['train', recipe, '--out', run, ...backend, '--tensorboard', '--checkpoint-every', '8'],
    ['evaluate', run, ...backend, '--test', '20'],
    ['export', run, ...backend]
  ]
  for (const given of commands) {
    const { status, stderr } = lapstrake(...given)
    expect([status, stderr]).toEqual([0, expect.anything()])
  }
  await useBackend('cpu')
  const opened = await openRun(run)
  manifest = opened.manifest
  untrained = createTrainer(opened.experiment, { inputShape: manifest.inputShape }).init(seeded(0))
})
afterAll(() => rm(folder, { recursive: true }))

/** Flips bits of a file, one at a time: each is told by the file's name, or changes nothing of what is read. */
async function flip(path: string, read: () => Promise<Answer> | Answer): Promise<void> {
  const whole = readFileSync(path)
  const before = await read()
  expect(before.said).toEqual([])
  const places = seeded(1)
    .split(path.slice(folder.length).replace(/\d{6,}.*/, ''))
    .bits(flips)
  const counts = { told: 0, same: 0 }
  try {
    for (const place of places) {
      const bit = place % (8 * whole.length)
      const flipped = Buffer.from(whole)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      writeFileSync(path, flipped)
      const refused = (error: Error): Answer => ({ said: [error.message] })
      const { holds, said } = await Promise.resolve().then(read).catch(refused)
      if (said.some(message => names(message, path))) counts.told++
      else {
        expect(said, `bit ${bit}`).toEqual([])
        expect(holds, `bit ${bit}`).toEqual(before.holds)
        counts.same++
      }
    }
  } finally {
    writeFileSync(path, whole)
  }
  expect(counts.told + counts.same).toBe(flips)
  expect(counts.told).toBeGreaterThan(counts.same)
}

/** Whether a message names a file, by its path or by that of the run and its own. */
const names = (message: string, path: string): boolean =>
  message.includes(path) || (message.startsWith(run) && message.includes(path.slice(run.length + 1)))

const valuesOf = (tensors: object): unknown => {
  const values = tensorsOf(tensors as never).map(tensor => [tensor.dtype, tensor.shape, [...tensor.dataSync()]])
  dispose(tensors as never)
  return values
}

const kept = ['state.safetensors', 'checkpoints/step-00000008.safetensors']
test.each(kept)('%s: a flipped bit is told', file =>
  flip(of(file), () => {
    const bytes = readFileSync(of(file))
    const about = describeRun(bytes, of(file))
    const state = deserialiseTree(bytes, untrained, { part: 'state', name: of(file) })
    return { holds: [about, valuesOf(state)], said: [] }
  })
)

test.each(['weights.safetensors', 'best.safetensors'])('%s: a flipped bit is told', file =>
  flip(of(file), () => {
    const heads = Object.fromEntries(Object.entries(untrained.units).map(([name, { head }]) => [name, head]))
    const like = { stages: untrained.stages, heads }
    return { holds: valuesOf(deserialiseTree(readFileSync(of(file)), like, { name: of(file) })), said: [] }
  })
)

test('encoder.safetensors: a flipped bit is told', () => {
  const path = of('encoder.safetensors')
  return flip(path, () => {
    const said: string[] = []
    const tensors = deserialiseTensors(readFileSync(path), { name: path, onWarning: warning => said.push(warning) })
    return { holds: [Object.keys(tensors), valuesOf(tensors)], said }
  })
})

test('manifest.json: a flipped bit is told', () =>
  flip(of('manifest.json'), async () => ({ holds: await readManifest(run), said: [] })))

test.each(['run.jsonl', 'evaluation.json'])('%s: a flipped bit is told', async file => {
  const { notes: usual } = await readRun(run)
  await flip(of(file), async () => {
    const { steps, evaluation, notes } = await readRun(run)
    return { holds: [steps, evaluation], said: notes.filter(note => !usual.includes(note)) }
  })
})

test('recipe.mjs: a flipped bit is told', () =>
  flip(of('recipe.mjs'), async () => {
    const { name, batchSize } = (await loadKeptRecipe(run, manifest)).experiment
    return { holds: [name, batchSize], said: [] }
  }))

test('the events of TensorBoard: a flipped bit is told', async () => {
  const [events] = (await readdir(of('tensorboard'))).filter(name => name.startsWith('events'))
  const path = of(`tensorboard/${events}`)
  await flip(path, () => ({ holds: readScalars(readFileSync(path), { name: path }), said: [] }))
})

test.each(['tensors.tsv', 'metadata.tsv'])('tensorboard/%s: a flipped bit is told', file =>
  flip(of(`tensorboard/${file}`), async () => ({ holds: await embeddingMap(run, manifest), said: [] }))
)

test('the index of a folder of images: a flipped bit changes nothing, for the index is made anew', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  try {
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, 'images', name), { recursive: true })
      await writeFile(join(folder, 'images', name, '0.png'), '')
    }
    await setTimeout(2100)
    const read = async (): Promise<unknown> => {
      const { classes, labels } = await openImageFolder(join(folder, 'images'), { size: 8 })
      return [classes, labels]
    }
    const before = await read()
    const indices = join(folder, 'cache/lapstrake/indices')
    const path = join(indices, (await readdir(indices))[0]!)
    const whole = readFileSync(path)
    for (const place of seeded(1).split('index').bits(flips)) {
      const flipped = Buffer.from(whole)
      flipped[(place >> 3) % whole.length]! ^= 1 << (place & 7)
      writeFileSync(path, flipped)
      expect(await read()).toEqual(before)
    }
  } finally {
    vi.unstubAllEnvs()
  }
})
