import {
  cifar10,
  cifarResNet,
  crd,
  crdInBatch,
  crossEntropy,
  endToEnd,
  grayscale,
  identity,
  kd,
  linear,
  randomResizedCrop,
  seeing,
  sgd,
  steps,
  weighted,
  type Experiment,
  type LocalLoss
} from 'lapstrake'

/** The network that knows more: twice as wide as its student. */
const teacher: Experiment = {
  name: 'teacher',
  data: cifar10({ limit: 10_000 }),
  batchSize: 64,
  epochs: 40,
  views: [randomResizedCrop({ size: 32, scale: [0.5, 1] })],
  backbone: cifarResNet({ depth: 8, width: 2 }),
  isolation: endToEnd(),
  head: () => linear({ dim: 10 }),
  loss: () => crossEntropy(),
  optimizer: sgd({
    learningRate: steps({ initial: 0.05, milestones: [3900, 4680, 5460], factor: 0.1 }),
    momentum: 0.9,
    weightDecay: 5e-4
  })
}

const alone: Experiment = { ...teacher, name: 'no-teacher', backbone: cifarResNet({ depth: 8 }) }

/** The student beside the teacher: its top stage beside the teacher's, its classes beside the teacher's logits. */
const taught = (name: string, contrast: LocalLoss | undefined, loss: Experiment['loss'] = alone.loss): Experiment => ({
  ...alone,
  name,
  loss,
  teacher: {
    backbone: teacher.backbone,
    head: linear({ dim: 10 }),
    reads: unit => (unit.name === 'contrast' ? 3 : 'head'),
    trainedBy: teacher
  },
  auxiliary: contrast && [{ name: 'contrast', start: 0, end: 3, head: identity(), loss: contrast }]
})

/** A student without colors: its teacher looks at the same views and has them. */
const inGrey = (experiment: Experiment): Experiment => ({
  ...experiment,
  name: `grey-${experiment.name}`,
  backbone: seeing(grayscale(), experiment.backbone)
})

const contrastOf = (weight: number): LocalLoss => weighted([[crd({ negatives: 256, labels: 'data' }), weight]])
const softened = (own: number, teachers: number): LocalLoss =>
  weighted([
    [crossEntropy(), own],
    [kd({ temperature: 4 }), teachers]
  ])

/**
 * CRD (contrastive representation distillation, Tian et al. 2020): beside its own labels the student learns which row
 * of its top stage goes with which of the teacher's, among those of other classes.
 *
 * The paper finds it ahead of all other ways to distill that it tries, and with KD sometimes ahead of the teacher.
 *
 * The lines: `taught` gives `alone` a teacher, which is trained first, and a unit `contrast` beside the classifier.
 *
 * Expect an hour on one core; `epochs: 4` in both shows the way of it. The weight is swept: the paper's 0.8 goes with
 * 240 epochs of 50,000 images.
 *
 * Look at the classifier's own accuracy beside the linear readout, for distillation is about the former.
 *
 *     npm run --silent study:recipe -- docs/recipes/06-distillation.ts
 */
const recipe: Experiment = taught('crd-0.1', contrastOf(0.1))

/** The teacher, the student alone, KD (Hinton et al. 2015), other weights, both, CRD without banks, no colors. */
export const against: readonly Experiment[] = [
  teacher,
  alone,
  taught('kd', undefined, () => softened(0.1, 0.9)),
  taught('crd-0.02', contrastOf(0.02)),
  taught('crd-0.8', contrastOf(0.8)),
  taught('crd-0.1-and-kd', contrastOf(0.1), () => softened(1, 1)),
  taught('crd-in-batch', weighted([[crdInBatch(), 0.1]])),
  inGrey(alone),
  inGrey(recipe)
]

/** The unit whose head names the classes. */
export const classifier = 'unit0'

export default recipe
