// One run of a recipe, or of what stands beside it, and what it reads of the test images.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type * as tf from '@tensorflow/tfjs-core'
import {
  certify,
  collectFeatures,
  dispose,
  linearProbe,
  mapTeachers,
  meanClassifier,
  networkOf,
  run,
  seeded,
  type CertificateOptions,
  type Experiment,
  type ImageDataset,
  type State,
  type StepMetrics,
  type Trained,
  type TrainedTeacher,
  type Trainer
} from 'lapstrake'
import { serialiseTree, writeFileAtomic } from 'lapstrake/node'

/** What a recipe file exports. */
export interface RecipeFile {
  readonly default: Experiment
  /** What it is compared with. */
  readonly against?: readonly Experiment[] | undefined
  /** The unit whose head names the class: its accuracy is measured beside the readout's. */
  readonly classifier?: string | undefined
  /** What is certified of it, where it has stochastic stages. */
  readonly certificate?: CertificateOptions | undefined
}

export interface Measuring {
  readonly file: RecipeFile
  /** What readouts learn from, and what networks learn from that have no other data. */
  readonly training: ImageDataset
  readonly testing: ImageDataset
  /** Where the weights of its runs lie, for students of a teacher and for whoever wants to look at them. */
  readonly weightsOf: (method: string, seed: number) => string
}

export type Figures = Readonly<Record<string, number>>

export async function measurePixels(measuring: Measuring): Promise<Figures> {
  return readOut(measuring, images => images.clone(), 'flatten')
}

export async function measureUntrained(measuring: Measuring, seed: number): Promise<Figures> {
  const network = networkOf(measuring.file.default.backbone, measuring.training.shape)
  const variables = network.init(seeded(seed).split('weights'))
  const figures = await readOut(measuring, images => network.encode(variables, images))
  dispose(variables)
  return figures
}

/** Trains it and reads it out. */
export async function measure(measuring: Measuring, experiment: Experiment, seed: number): Promise<Figures> {
  const { file, training, testing, weightsOf } = measuring
  const { trainer, state } = await trained(measuring, experiment, seed)
  await writeFileAtomic(
    weightsOf(experiment.name, seed),
    await serialiseTree({
      stages: state.stages,
      heads: Object.fromEntries(Object.entries(state.units).map(([name, { head }]) => [name, head]))
    })
  )
  const { network } = trainer
  const figures: Record<string, number> = {
    ...(await readOut(measuring, images => network.encode(state.stages, images)))
  }
  if (file.classifier !== undefined)
    figures['its own classifier, %'] = await accuracyOf(trainer, state, file.classifier, testing)
  if (file.certificate !== undefined && experiment === file.default) {
    const { bound, testRisk } = await certify({
      experiment,
      certificate: file.certificate,
      network,
      variables: state.stages,
      training,
      testing
    })
    figures['bound on the risk'] = bound
    figures['risk on test images'] = testRisk!
  }
  dispose(state)
  return figures
}

/** Trains, and says how far it is. */
async function trained(
  { file, training, weightsOf }: Measuring,
  experiment: Experiment,
  seed: number
): Promise<Pick<Trained, 'trainer' | 'state'>> {
  const { data } = experiment
  const dataset = data === undefined || data === file.default.data ? training : await data.open('train')
  for await (const event of run(withTaughtTeacher(experiment, weightsOf), { dataset, seed })) {
    if (event.kind === 'warning') console.error(event.message)
    if (event.kind === 'step') say(experiment.name, seed, event.metrics)
    if (event.kind === 'teacher') say(`${experiment.name}'s teacher`, seed, event.metrics)
    if (event.kind === 'end') return { trainer: event.trainer, state: event.keep() }
  }
  throw new Error(`study: expected ${experiment.name} to end, but it did not.`)
}

function say(who: string, seed: number, { step, steps, losses }: StepMetrics): void {
  if (step % 100 !== 0) return
  const numbers = Object.values(losses).map(loss => loss.toFixed(3))
  console.error(`${who} ${seed}: ${step}/${steps}  ${numbers.join(' ')}`)
}

/** A teacher that was trained already need not be trained again. */
function withTaughtTeacher(experiment: Experiment, weightsOf: Measuring['weightsOf']): Experiment {
  if (experiment.teacher === undefined) return experiment
  const teacher = mapTeachers<TrainedTeacher, TrainedTeacher>(experiment.teacher, teacher => {
    if (!('trainedBy' in teacher)) return teacher
    const { trainedBy, ...rest } = teacher
    const weights = weightsOf(trainedBy.name, 0)
    return existsSync(weights) ? { ...rest, weights: () => readFile(weights) } : teacher
  })
  return { ...experiment, teacher }
}

/** How many test images the head of a unit names the class of, in a hundred. */
async function accuracyOf(
  { units, network }: Trainer,
  state: State,
  name: string,
  testing: ImageDataset
): Promise<number> {
  const { head, end } = units.find(unit => unit.name === name)!
  const classifier = networkOf({ stages: [head] }, network.shapes[end]!)
  const logits = await collectFeatures(testing, images => {
    const maps = network.encode(state.stages, images, { level: end })
    const rows = classifier.encode([state.units[name]!.head], maps)
    dispose(maps)
    return rows
  })
  const { values, labels, dim } = logits
  const right = labels.filter((label, i) => {
    const row = values.subarray(i * dim, (i + 1) * dim)
    return row.indexOf(Math.max(...row)) === label
  })
  return (100 * right.length) / labels.length
}

/** Accuracy of logistic regression, in a hundred; and of a mean classifier, which a certificate is about. */
async function readOut(
  { file, training, testing }: Measuring,
  encode: (images: tf.Tensor) => tf.Tensor,
  pool: 'mean' | 'flatten' = 'mean'
): Promise<Figures> {
  const [known, asked] = [
    await collectFeatures(training, encode, { pool }),
    await collectFeatures(testing, encode, { pool })
  ]
  const figures = { 'linear readout, %': 100 * (await linearProbe(known, asked)).accuracy }
  if (file.certificate === undefined) return figures
  const { avg2, top1, top5 } = meanClassifier(known, asked)
  return {
    ...figures,
    'mean classifier, two classes, %': 100 * avg2,
    'top 1, %': 100 * top1,
    'top 5, %': 100 * top5
  }
}
