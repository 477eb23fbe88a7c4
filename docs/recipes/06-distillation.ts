import {
  adamW,
  cifar10,
  convNet,
  crd,
  crdInBatch,
  crossEntropy,
  endToEnd,
  identity,
  kd,
  linear,
  randomResizedCrop,
  twoViews,
  warmupCosine,
  weighted,
  type Experiment,
  type LocalLoss
} from 'lapstrake'

/** The network that knows more: four times as wide as its student, and trained a little longer. */
const teacher: Experiment = {
  name: 'teacher',
  data: cifar10({ limit: 10_000 }),
  batchSize: 64,
  epochs: 7,
  views: twoViews(randomResizedCrop({ size: 32, scale: [0.5, 1] })),
  backbone: convNet({ widths: [32, 64, 128, 128], strides: [2, 2, 2, 1], layers: 1 }),
  isolation: endToEnd(),
  head: () => linear({ dim: 10 }),
  loss: () => crossEntropy(),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 1092 }) })
}

const alone: Experiment = {
  ...teacher,
  name: 'no-teacher',
  epochs: 5,
  backbone: convNet({ widths: [8, 16, 32, 32], strides: [2, 2, 2, 1], layers: 1 }),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 780 }) })
}

/** The student beside a loss on its top stage that compares it with the teacher's. */
const contrasted = (name: string, loss: LocalLoss): Experiment => ({
  ...alone,
  name,
  teacher: { backbone: teacher.backbone, trainedBy: teacher },
  auxiliary: [{ name: 'crd', start: 0, end: 4, head: identity(), loss: weighted([[loss, 0.8]]) }]
})

/**
 * Contrastive representation distillation (CRD, Tian et al. 2020): beside its own labels the student learns which row
 * of its top stage goes with which of the teacher's. The teacher is trained first, on the same data.
 *
 *     npm run --silent study:recipe -- docs/recipes/06-distillation.ts
 */
const recipe: Experiment = contrasted('crd', crd({ negatives: 256 }))

/**
 * The teacher; the student by itself; beside the teacher's softened logits (KD, Hinton et al. 2015); and CRD without
 * banks.
 */
export const against: readonly Experiment[] = [
  teacher,
  alone,
  {
    ...alone,
    name: 'kd',
    teacher: { backbone: teacher.backbone, head: linear({ dim: 10 }), trainedBy: teacher },
    loss: () =>
      weighted([
        [crossEntropy(), 0.1],
        [kd({ temperature: 4 }), 0.9]
      ])
  },
  contrasted('crd-in-batch', crdInBatch())
]

export default recipe
