import {
  adamW,
  cifar10,
  convNet,
  endToEnd,
  ntXent,
  projector,
  simclr,
  twoViews,
  warmupCosine,
  type Experiment
} from 'lapstrake'

/**
 * SimCLR (Chen et al. 2020): one loss at the top, one gradient through the whole network.
 *
 * Two looks at a photograph, cropped and recolored, should be told from those at all others. Expect ten points above
 * raw pixels after five epochs; more epochs and more images give more. Look at the loss: `log(127) = 4.84` is what
 * guessing costs.
 *
 *     npm run --silent study:recipe -- docs/recipes/01-simclr.ts
 */
const recipe: Experiment = {
  name: 'simclr',
  data: cifar10({ limit: 10_000 }),
  batchSize: 64,
  epochs: 5,
  views: twoViews(simclr({ size: 32, preset: 'cifar', leastArea: 0.2 })),
  backbone: convNet({ widths: [32, 64, 128, 128], strides: [2, 2, 2, 1], layers: 1 }),
  isolation: endToEnd(),
  head: () => projector({ dims: [128, 64] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 780 }) })
}

export default recipe
