import '@tensorflow/tfjs-backend-cpu'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createTrainer,
  identity,
  imageDataset,
  overlapping,
  own,
  projector,
  seeded,
  sgd,
  stateless,
  twoViews,
  UnreadableExample,
  type ImageDataset,
  type Experiment,
  type State,
  type StepMetrics
} from 'lapstrake'
import { openBoard, type Board, type OpenBoardOptions } from '@lapstrake/runs/node'
import { readScalars } from 'lapstrake/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-board-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Ten images of 2 × 2 that are as bright as their place, some of which cannot be read. */
const dataset = (unreadable: readonly number[], classes: readonly string[] = ['cat', '', 'bird']): ImageDataset =>
  imageDataset({
    name: 'ten',
    classes,
    shape: [2, 2, 1],
    size: 10,
    async read(indices) {
      const places = Array.from(indices)
      const [first, ...others] = places
        .filter(place => unreadable.includes(place))
        .map(place => ({ place, example: `${place}.png`, reason: 'it is not there' }))
      if (first) throw new UnreadableExample([first, ...others])
      return places.map(place => ({ image: new Uint8Array(4).fill(place), label: (place % 4) - 1 }))
    }
  })

/** Gives nothing for the darkest image, as a network that has diverged does. */
const quotient = stateless('unit0', {
  init: (_, shape) => ({ params: { factor: tf.tensor1d([1, NaN, Infinity]) }, outputShape: shape }),
  apply: (__, x) => tf.div(x, x)
})

const experiment: Experiment = {
  name: 'shown',
  batchSize: 2,
  epochs: 1,
  views: twoViews(images => own(() => tf.clone(images))),
  backbone: { name: 'quotient', stages: [quotient, identity()] },
  isolation: overlapping(),
  head: () => projector({ dims: [2] }),
  loss: () => () => tf.scalar(0),
  optimizer: sgd({ learningRate: 0.1 })
}
const trainer = createTrainer(experiment, { inputShape: [2, 2, 1] })
const metrics: StepMetrics = {
  step: 1,
  steps: 2,
  epoch: 1,
  losses: { unit0: 0.5 },
  milliseconds: 1,
  waited: 0,
  peakBytes: 1,
  diagnoses: { unit0: { gradientNorm: 1 } },
  stages: [{ gradientNorm: 2 }, { gradientNorm: 3 }]
} as unknown as StepMetrics

interface Shown extends Pick<OpenBoardOptions, 'dataset'> {
  readonly name: string
}

/** What a board says and writes of a run of one step. */
async function show({ name, dataset }: Shown, between: (board: Board, state: State) => Promise<void> = async () => {}) {
  const warnings: string[] = []
  const place = join(folder, name)
  const onWarning = (warning: string): void => {
    warnings.push(warning)
  }
  const board = await openBoard({ folder: place, experiment, dataset, seed: 0, onWarning })
  const state = trainer.init(seeded(0))
  await board.step(metrics, state)
  await between(board, state)
  const files = await board.end(trainer, state)
  const read = (file: string): Promise<Buffer> => readFile(join(place, 'tensorboard', file))
  const lines = async (file: string): Promise<string[]> => (await read(file)).toString().split('\n').slice(0, -1)
  const all = await readdir(join(place, 'tensorboard')).catch(() => [])
  const events = all.filter(file => file.startsWith('events.'))
  const curves = (await Promise.all(events.map(async name => readScalars(await read(name), { name })))).flat()
  return { warnings, files, lines, curves }
}

test('examples that cannot be read, and those without an embedding, are left out and said once', async () => {
  const { warnings, files, lines } = await show({ name: 'some', dataset: dataset([1, 6]) })
  expect(warnings).toEqual([
    'TensorBoard is not shown what cannot be read: 1.png: it is not there.',
    'TensorBoard is not shown what cannot be read: 6.png: it is not there.',
    'TensorBoard is not shown 1 of 8 embeddings, which are not finite.'
  ])
  const names = ['tensors.tsv', 'metadata.tsv', 'sprite.png', 'projector_config.pbtxt']
  expect(files).toEqual(names.map(name => `tensorboard/${name}`))
  expect(await lines('tensors.tsv')).toEqual(Array(7).fill('1'))
  // Of the places 2, 3, 4, 5, 7, 8 and 9: a class without a word, and one that is not known.
  expect(await lines('metadata.tsv')).toEqual(['(none)', 'bird', '(none)', 'cat', 'bird', '(none)', 'cat'])
})

test('classes without words are shown by their numbers', async () => {
  const { lines } = await show({ name: 'numbers', dataset: dataset([0], []) })
  expect(await lines('metadata.tsv')).toEqual(['0', '1', '2', '(none)', '0', '1', '2', '(none)', '0'])
})

test('a run of whose data nothing can be read has its curves all the same', async () => {
  const { warnings, files, curves } = await show({ name: 'none', dataset: dataset([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) })
  expect(warnings).toHaveLength(2)
  expect(files).toEqual([])
  expect(curves).toContainEqual({ step: 1, tag: 'loss/unit0', value: 0.5 })
})

test('a stage that is called as a unit has curves of its own, and numbers that are none are counted', async () => {
  const { curves } = await show({ name: 'apart', dataset: dataset([]) })
  expect(curves.filter(({ tag }) => tag.startsWith('gradientNorm/'))).toEqual([
    { step: 1, tag: 'gradientNorm/unit0', value: 1 },
    { step: 1, tag: 'gradientNorm/stage unit0', value: 2 },
    { step: 1, tag: 'gradientNorm/identity', value: 3 }
  ])
  const lost = curves.filter(({ tag }) => tag.startsWith('not finite/'))
  expect(lost).toEqual([{ step: 1, tag: 'not finite/stage unit0.factor', value: 2 }])
})

test('what cannot be written now is written later, in its order, and said once', async () => {
  const place = join(folder, 'blocked')
  await writeFile(place, '')
  const { warnings, curves, files } = await show({ name: 'blocked', dataset: dataset([0]) }, async (board, state) => {
    await board.step({ ...metrics, step: 2 }, state)
    await rm(place)
  })
  expect(warnings.filter(warning => warning.includes('could not'))).toEqual([
    `eventFile: expected to begin a file of events in ${place}/tensorboard, but could not (ENOTDIR). ` +
      'Make room there, or choose another folder. What TensorBoard is to show is written with what comes later.'
  ])
  expect(curves.filter(({ tag }) => tag === 'loss/unit0').map(({ step }) => step)).toEqual([1, 2])
  expect(files).toHaveLength(4)
})

test('where nothing can be written at all, the run hears of it and goes on', async () => {
  await writeFile(join(folder, 'never'), '')
  const { warnings, files } = await show({ name: 'never', dataset: dataset([0]) })
  expect(files).toEqual([])
  expect(warnings.slice(-2)).toEqual([
    `${folder}/never/tensorboard: expected all that TensorBoard was to show, ` +
      'but 2 steps could not be written. See run.jsonl.',
    expect.stringContaining('Embeddings cannot be shown in TensorBoard: writeFileAtomic: expected to write ')
  ])
})
