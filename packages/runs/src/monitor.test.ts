import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { convNet } from '@lapstrake/backbone-resnet'
import { createTrainer, dispose, own, seeded, type Loss, type State } from '@lapstrake/core'
import { greedy, overlapping } from '@lapstrake/isolation'
import { inMemory, randomResizedCrop, drawShapes, twoViews, type ImageDataset } from '@lapstrake/data'
import { ntXent } from '@lapstrake/loss-info-nce'
import { projector } from '@lapstrake/layers'
import { sgd } from '@lapstrake/optimizers'
import { train } from './train.ts'
import { useBackend } from './use-backend.ts'
import { withProbes } from './with-probes.ts'
import type { Experiment } from './experiment.ts'
import type { StepMetrics } from './step-metrics.ts'

beforeAll(() => useBackend('wasm', { threads: 1 }))

const dataset = drawShapes({ count: 64, size: 12 })
const experiment: Experiment = {
  name: 'watched',
  batchSize: 32,
  epochs: 30,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [6, 8], strides: [1, 2], layers: 1 }),
  isolation: greedy(),
  head: () => projector({ dims: [8, 6] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: sgd({ learningRate: 0.05, momentum: 0.9 })
}

/** Two classes that anyone tells apart. */
const pixels = new Uint8Array(16 * 12 * 12 * 3).map((_, i) =>
  i % 3 === (Math.floor(i / 432) % 2 === 0 ? 0 : 2) ? 200 + (i % 50) : i % 50
)
const coloursOf = (labelOf: (place: number) => number): ImageDataset =>
  inMemory({
    name: 'colours',
    classes: ['red', 'blue'],
    shape: [12, 12, 3],
    images: pixels,
    labels: Int32Array.from({ length: 16 }, (_, i) => labelOf(i))
  })
const colours = coloursOf(place => place % 2)

async function watched(
  what: Experiment,
  diagnoseEvery = 1,
  data = dataset
): Promise<{ last: StepMetrics; warnings: string[]; state: State }> {
  const warnings: string[] = []
  let last: StepMetrics | undefined
  const before = tf.memory().numTensors
  const { state } = await train(what, {
    dataset: data,
    diagnoseEvery,
    onWarning: warning => warnings.push(warning),
    onStep: metrics => {
      last = metrics
    }
  })
  dispose(state)
  expect(tf.memory().numTensors).toBe(before)
  return { last: last!, warnings, state }
}

test('tells of every stage how strongly it is taught, how far it moves, and what its features know', async () => {
  const { last, warnings } = await watched({ ...experiment, epochs: 2 })
  expect(warnings).toEqual([])
  expect(last.stages).toHaveLength(2)
  for (const { gradientNorm, updateRatio, neighbours, probe } of last.stages!) {
    expect(gradientNorm).toBeGreaterThan(0)
    expect(updateRatio).toBeGreaterThan(1e-5)
    expect(updateRatio).toBeLessThan(1)
    expect(neighbours).toBeGreaterThanOrEqual(0)
    expect(probe).toBeUndefined()
  }
  expect(last.diagnoses!.unit0!.gradientNorm).toBeGreaterThan(0)
})

test('neighbours are of one class where classes look alike', async () => {
  const looks: StepMetrics[] = []
  const { state } = await train(
    { ...experiment, batchSize: 16, epochs: 1 },
    {
      dataset: colours,
      diagnoseEvery: 1,
      onStep: metrics => {
        looks.push(metrics)
      }
    }
  )
  dispose(state)
  expect(looks.at(-1)!.stages![0]!.neighbours).toBe(1)
})

test('norms are those of the gradients, also for stages that two units teach', async () => {
  const recipe = { ...experiment, isolation: overlapping() }
  const trainer = createTrainer(recipe, { inputShape: [12, 12, 3] })
  const views = [0, 1].map(view => seeded(view).normal([8, 12, 12, 3])) as [tf.Tensor, tf.Tensor]
  const state = trainer.init(seeded(0))
  const gradients = trainer.learn(state, { views })
  const expected = gradients.stages.map(({ gradients: stage }) =>
    own(
      () =>
        tf
          .sqrt(
            tf.addN(
              Object.values(stage as object).flatMap(function flat(leaf): tf.Tensor[] {
                return leaf instanceof tf.Tensor
                  ? [tf.sum(tf.square(leaf))]
                  : Object.values(leaf as object).flatMap(flat)
              })
            )
          )
          .dataSync()[0]!
    )
  )
  const result = trainer.step(state, { views }, { observe: true })
  result.gradientNorms.stages.forEach((norm, i) => expect(norm!.dataSync()[0]! / expected[i]!).toBeCloseTo(1, 5))
  dispose(gradients)
  dispose(result.state)
  dispose(result.losses)
  dispose(result.embeddings)
  dispose(result.gradientNorms)
  tf.dispose(views)
})

test('probes learn beside the network, tell what they know, and teach it nothing', async () => {
  const { last } = await watched(withProbes({ ...experiment, batchSize: 16 }, 2), 10, colours)
  for (const { probe } of last.stages!) expect(probe).toBeGreaterThan(0.9)
  const lossesOf = async (what: Experiment): Promise<number[]> => {
    const losses: number[] = []
    const { state } = await train(what, {
      dataset,
      diagnoseEvery: 0,
      onStep: metrics => {
        losses.push(metrics.losses.unit1!)
      }
    })
    dispose(state)
    return losses
  }
  expect(await lossesOf(withProbes({ ...experiment, epochs: 2 }, 4))).toEqual(
    await lossesOf({ ...experiment, epochs: 2 })
  )
})

test('what has no class is neither right nor wrong to a probe', async () => {
  const some = coloursOf(place => (place < 8 ? place % 2 : -1))
  const { last } = await watched(withProbes({ ...experiment, batchSize: 16 }, 2), 10, some)
  for (const { probe } of last.stages!) expect(probe).toBeGreaterThan(0.9)
})

test('a unit whose loss rises again is said to diverge, once, and with what to try', async () => {
  let step = 0
  const rising: Loss = (views, batch) => tf.add(ntXent()(views, batch) as tf.Scalar, Math.max(0, step++ / 2 - 60))
  const { warnings } = await watched(
    { ...experiment, epochs: 80, loss: ({ start }) => (start === 0 ? rising : ntXent()) },
    10
  )
  expect(warnings.filter(warning => warning.includes('diverges'))).toHaveLength(1)
  expect(warnings[0]).toMatch(
    /unit0 diverges: its loss is [\d.]+ at step \d+ and was [\d.]+\. Try a lower learning rate/
  )
})

test('a stage that is no longer taught is said, by name', async () => {
  const dead: Loss = (views, batch) => tf.mul(ntXent()(views, batch) as tf.Scalar, 0)
  const { warnings } = await watched({ ...experiment, epochs: 1, loss: ({ start }) => (start === 1 ? dead : ntXent()) })
  expect(warnings.join('\n')).toContain('stage 1 ("conv2") is no longer taught: at step 1 its gradient is exactly 0.')
  expect(warnings.join('\n')).toContain('unit1 no longer learns: at step 1 the gradient of its head is exactly 0.')
})

test('withProbes wants classes', () => {
  expect(() => withProbes(experiment, 1)).toThrow(
    'withProbes: expected 2 classes or more, got 1. Try dataset.classes.length.'
  )
})
