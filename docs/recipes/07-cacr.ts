import {
  adamW,
  cacr,
  cifar10,
  convNet,
  endToEnd,
  longTailed,
  ntXent,
  projector,
  simclr,
  warmupCosine,
  type Experiment
} from 'lapstrake'

const look = simclr({ size: 32, preset: 'cifar', leastArea: 0.2 })
const fiveViews = [look, look, look, look, look]

/**
 * CACR (Zheng et al. 2021) weighs positives that are far and negatives that are near.
 *
 * The paper says that contrast should attract most the views that are still far from each other and push away most the
 * negatives that are near, and finds more accurate features, above all where classes are of unlike size.
 *
 * The lines: with two views there is one positive and nothing to weigh; so `fiveViews`, as in the paper's small
 * setting, in batches of 128. Four losses see as many images: NT-Xent with two views for two and a half times the
 * epochs, with five views, CACR with all weights alike, and CACR. `longTailed` has a hundred times as many of the first
 * class as of the last. The readout learns from balanced images.
 *
 * Expect the most on the long tail, as the paper does.
 *
 * Look at the loss of CACR and of CACR with weights alike: what lies between them is the weighing, and nothing else.
 *
 *     npm run --silent study:recipe -- docs/recipes/07-cacr.ts
 */
const recipe: Experiment = {
  name: 'cacr',
  data: cifar10({ limit: 10_000 }),
  batchSize: 128,
  epochs: 6,
  views: fiveViews,
  backbone: convNet({ widths: [16, 32, 64, 64], strides: [2, 2, 2, 1], layers: 1 }),
  isolation: endToEnd(),
  head: () => projector({ dims: [128, 64] }),
  loss: () => cacr({ negativeTemperature: 0.9 }),
  optimizer: cosineFor(6, 10_000)
}

const others: readonly Experiment[] = [
  { ...recipe, name: 'ntxent-five-views', loss: () => ntXent({ temperature: 0.2 }) },
  {
    ...recipe,
    name: 'ntxent-two-views',
    views: [look, look],
    epochs: 15,
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: cosineFor(15, 10_000)
  },
  {
    ...recipe,
    name: 'cacr-alike',
    loss: () => cacr({ positiveTemperature: 0, negativeTemperature: 0 })
  }
]

export const against: readonly Experiment[] = [
  ...others,
  ...[...others, recipe].map(experiment => ({
    ...experiment,
    name: `${experiment.name}-long-tail`,
    data: longTailed(cifar10(), { ratio: 100 }),
    optimizer: cosineFor(experiment.epochs, 12_406)
  }))
]

function cosineFor(epochs: number, images: number): Experiment['optimizer'] {
  return adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: epochs * Math.floor(images / 128) }) })
}

export default recipe
