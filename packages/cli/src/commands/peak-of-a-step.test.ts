import {
  adamW,
  convNet,
  crd,
  dispose,
  endToEnd,
  exampleBatch,
  greedy,
  identity,
  moco,
  ntXent,
  overlapping,
  plan,
  projector,
  randomResizedCrop,
  shapes,
  train,
  twoViews,
  useBackend,
  type Experiment,
  type Isolation
} from 'lapstrake'
import { expect, test } from 'vitest'

const recipe = (isolation: Isolation): Experiment => ({
  name: 'measured',
  data: shapes({ limit: 64 }),
  batchSize: 16,
  epochs: 2,
  views: twoViews(randomResizedCrop({ size: 28 })),
  backbone: convNet({ widths: [8, 8, 16], strides: [2, 1, 2], layers: 1 }),
  isolation,
  head: () => projector({ dims: [16, 8] }),
  loss: () => ntXent(),
  optimizer: adamW({ learningRate: 1e-3 })
})
const taught = { ...recipe(endToEnd()), epochs: 1 }

test.each<[string, Experiment]>([
  ['end-to-end', recipe(endToEnd())],
  ['greedy', recipe(greedy())],
  ['overlapping', recipe(overlapping())],
  ['in parts', { ...recipe(overlapping()), microBatch: 4 }],
  ['with a memory', { ...recipe(greedy()), loss: () => moco({ size: 32 }), target: { momentum: () => 0.99 } }],
  [
    'with a teacher',
    {
      ...taught,
      teacher: { backbone: taught.backbone, trainedBy: taught },
      auxiliary: [{ name: 'crd', start: 0, end: 3, head: identity(), loss: crd({ negatives: 8 }) }]
    }
  ]
])('the peak of a step is what was planned: %s', async (_, experiment) => {
  await useBackend('wasm', { threads: 1 })
  const dataset = await experiment.data!.open('train')
  const like = await exampleBatch(experiment, dataset)
  const { peakBytes: planned } = await plan(experiment, {
    ...{ like, inputShape: like.views[0].shape.slice(1), batch: experiment.batchSize },
    ...{ examples: dataset.size, labels: dataset.labels, microBatch: experiment.microBatch }
  })
  dispose(like)
  const peaks: number[] = []
  const { state } = await train(experiment, {
    dataset,
    diagnoseEvery: 0,
    onStep: ({ peakBytes }) => {
      peaks.push(peakBytes)
    }
  })
  dispose(state)
  expect(peaks).toHaveLength(4 * experiment.epochs)
  expect(Math.max(...peaks)).toBe(planned)
  // A memory fills with the first steps.
  expect(peaks.at(-1)).toBeGreaterThan(0.98 * planned)
})
