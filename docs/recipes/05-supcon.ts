import {
  adamW,
  convNet,
  crossEntropy,
  endToEnd,
  fashionMnist,
  linear,
  overlapping,
  projector,
  randomResizedCrop,
  supCon,
  twoViews,
  warmupCosine,
  type Experiment
} from 'lapstrake'

/**
 * SupCon (supervised contrast, Khosla et al. 2020) under LoCo: every unit pulls together the rows of one class, of both
 * views.
 *
 * The paper finds that contrast over labels beats cross-entropy on ImageNet – 81.4 % with a ResNet-200, 0.8 points
 * above the best that it knew – and is less sensitive to the optimizer and to corrupted images.
 *
 * The lines: `supCon` takes the labels from the batch; positives of a row are all others of its class. `classifies` is
 * the same network whose units name the class instead, each through a linear head. `against` has both, overlapping and
 * end to end.
 *
 * Expect little to tell them apart: the raw pixels of Fashion-MNIST read well already. [The study](../study/index.md)
 * has photographs, where greedy units that learn from labels lose ten points.
 *
 * Look at the map: rows of one class gather, for that is what the loss asks.
 *
 *     npm run --silent study:recipe -- docs/recipes/05-supcon.ts
 */
const recipe: Experiment = {
  name: 'supcon',
  data: fashionMnist({ limit: 10_000 }),
  batchSize: 64,
  epochs: 5,
  views: twoViews(randomResizedCrop({ size: 28, scale: [0.5, 1] })),
  backbone: convNet({ widths: [32, 64, 128, 128], strides: [2, 2, 2, 1], layers: 1 }),
  isolation: overlapping(),
  head: () => projector({ dims: [128, 64] }),
  loss: () => supCon({ temperature: 0.1 }),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 780 }) })
}

const classifies: Experiment = {
  ...recipe,
  name: 'cross-entropy',
  head: () => linear({ dim: 10 }),
  loss: () => crossEntropy()
}

/** The same units, each a classifier; and either loss with one gradient through the whole network. */
export const against: readonly Experiment[] = [
  classifies,
  { ...recipe, name: 'supcon-end-to-end', isolation: endToEnd() },
  { ...classifies, name: 'cross-entropy-end-to-end', isolation: endToEnd() }
]

export default recipe
