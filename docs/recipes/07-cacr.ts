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
 * CACR (Zheng et al. 2021) weighs positives that are far and negatives that are near. With two views there is one
 * positive and nothing to weigh; so five, as in the paper's small setting, in batches of 128.
 *
 * Four losses see as many images: NT-Xent with two views for two and a half times the epochs, with five views, CACR
 * with all weights alike, and CACR; each on as many images of every class, and on CIFAR-10 with a hundred times as many
 * of the first class as of the last, where the paper expects most of it. The readout learns from balanced images.
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
