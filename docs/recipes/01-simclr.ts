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
 * The paper finds that strong augmentations, a small network between features and loss, and large batches are what
 * makes contrast between views work: a linear readout of its widest network names 76.5 % of ImageNet's images, as many
 * as a ResNet-50 that learned from all labels.
 *
 * The lines: `views` makes two random looks at each photograph, cropped and recolored. The network turns them into
 * features, `head` these into rows, and `loss` asks of each row which of the other 127 shows the same photograph.
 * `isolation: endToEnd()` lets that one question teach all four stages.
 *
 * Expect ten points above raw pixels after five epochs; more epochs and more images give more.
 *
 * Look at the loss: `log(127) = 4.84` is what guessing costs. In the map, see whether photographs of one class come to
 * lie together: nothing was told of classes.
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
