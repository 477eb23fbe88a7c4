import { convNet } from '@lapstrake/backbone-resnet'
import { dispose, stateless, type Stage, type Views } from '@lapstrake/core'
import { drawShapes, inOrder, randomResizedCrop, twoViews, type Dataset, type View } from '@lapstrake/data'
import { endToEnd } from '@lapstrake/isolation'
import { identity, linear, outlines, seeing } from '@lapstrake/layers'
import { crossEntropy } from '@lapstrake/loss-cross-entropy'
import { crd } from '@lapstrake/loss-distillation'
import { adamW } from '@lapstrake/optimizers'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import type { Experiment } from './experiment.ts'
import { train } from './train.ts'
import type { TrainOptions } from './train-options.ts'
import { useBackend } from './use-backend.ts'

beforeAll(() => useBackend('wasm'))

/** Four kinds of examples; depth tells them apart, color does so under noise. */
interface Pair {
  readonly color: readonly number[]
  readonly depth: readonly number[]
  readonly kind: number
}
const [colors, depths, kinds] = [12, 6, 4]
const pairs: Dataset<Pair> = {
  name: 'color and depth',
  size: 40,
  classes: ['a', 'b', 'c', 'd'],
  read: async places =>
    Array.from(places, place => {
      const kind = place % kinds
      const wave = (length: number, noise: number): number[] =>
        Array.from({ length }, (_, i) => Math.sin((i + 1) * (kind + 1)) + noise * Math.sin(place * (i + 3)))
      return { color: wave(colors, 0.8), depth: wave(depths, 0.1), kind }
    }),
  collate: examples => ({
    input: tf.tensor2d(examples.map(({ color }) => [...color])),
    labels: tf.tensor1d(
      examples.map(({ kind }) => kind),
      'int32'
    ),
    examples: { depth: tf.tensor2d(examples.map(({ depth }) => [...depth])) }
  })
}
const asItIs: View<Pair> = { onExample: pair => pair }
/** What the teacher learns from: depth where color was. */
const onlyDepth: View<Pair> = { onExample: pair => ({ ...pair, color: pair.depth }) }

const dense = (dim: number): Stage =>
  stateless('dense', {
    init: (random, [inputs]) => ({ params: { weights: random.normal([inputs!, dim], 0, 0.5) }, outputShape: [dim] }),
    apply: ({ weights }, rows) => tf.tanh(tf.matMul(rows as tf.Tensor2D, weights as tf.Tensor2D))
  })
const common = {
  batchSize: 10,
  isolation: endToEnd(),
  head: () => linear({ dim: kinds }),
  loss: () => crossEntropy(),
  optimizer: adamW({ learningRate: 0.02 }),
  sampler: inOrder()
}
const ofDepth: Experiment = {
  ...common,
  name: 'of depth',
  epochs: 3,
  views: [onlyDepth],
  backbone: { name: 'small', stages: [dense(8)] }
}
const ofColor: Experiment = {
  ...common,
  name: 'of color',
  epochs: 4,
  views: twoViews(asItIs),
  backbone: { name: 'large', stages: [dense(16), dense(8)] },
  teacher: {
    backbone: ofDepth.backbone,
    trainedBy: ofDepth,
    sees: {
      shape: [depths],
      views: ({ examples }) => [examples!.depth, examples!.depth] as unknown as Views
    }
  },
  auxiliary: [{ name: 'crd', start: 0, end: 2, head: identity(), loss: crd({ negatives: 8, dim: 6 }) }]
}

const shapes = drawShapes({ count: 40, size: 12 })
const inColor: Experiment = {
  ...common,
  name: 'in color',
  epochs: 1,
  head: () => linear({ dim: shapes.classes.length }),
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [8, 8], strides: [2, 2], layers: 1 })
}
const inOutlines: Experiment = {
  ...inColor,
  name: 'in outlines',
  epochs: 3,
  backbone: seeing(outlines(), convNet({ widths: [4, 4], strides: [2, 2], layers: 1 })),
  teacher: { backbone: inColor.backbone, trainedBy: inColor },
  auxiliary: [{ name: 'crd', start: 0, end: 2, head: identity(), loss: crd({ negatives: 8, dim: 6 }) }]
}

test.each<[string, Experiment, NonNullable<TrainOptions['dataset']>]>([
  ['the depth beside its colors', ofColor, pairs],
  ['the colors of its outlines', inOutlines, shapes]
])('a student learns from a teacher that sees %s, and goes on bit for bit', async (_, experiment, dataset) => {
  const before = tf.memory().numTensors
  const follow = async (resume?: Uint8Array): Promise<{ losses: Record<string, number>[]; saved: Uint8Array }> => {
    const losses: Record<string, number>[] = []
    let saved = new Uint8Array()
    const { state } = await train(experiment, {
      dataset,
      seed: 3,
      resume,
      async onStep(metrics, { save }) {
        losses.push(metrics.losses)
        if (metrics.step === 6) saved = new Uint8Array(await save())
      }
    })
    dispose(state)
    return { losses, saved }
  }
  const { losses, saved } = await follow()
  expect(losses.at(-1)!.crd).toBeLessThan(losses[0]!.crd!)
  expect((await follow(saved)).losses).toEqual(losses.slice(6))
  expect(tf.memory().numTensors).toBe(before)
})
