import { resolve } from 'node:path'
import {
  collectFeatures,
  crossEntropy,
  dispose,
  fitReadout,
  own,
  seeded,
  unitsOf,
  type Dataset,
  type Owned,
  type Unit,
  type Variables
} from 'lapstrake'
import { decodeSafetensors, deserialiseTree, readWholeFile } from 'lapstrake/node'
import type { OpenRun } from '@lapstrake/runs/node'
import * as tf from '@tensorflow/tfjs-core'
import type { AtWork } from '../terminal/at-work.ts'
import { percent } from '../terminal/percent.ts'
import { dataOfRun } from './data-of-run.ts'
import { fitted } from './fitted.ts'
import type { LeftOut } from './images-of-run.ts'

/** What tells the class of an image from what a run has learned. */
export interface Classifier {
  /** Where it comes from, in a sentence. */
  readonly said: string
  readonly classes: readonly string[]
  /** `[batch, classes]`, of inputs as the run takes them. */
  probabilities(inputs: tf.Tensor): tf.Tensor
}

export interface ClassifierOptions {
  /** The file that was read, and the folder of the run. */
  readonly folder: string
  readonly weights: string
  /** Labelled data in place of the run's own. */
  readonly data: string | undefined
  /** Training examples that a readout is fitted on. */
  readonly examples: number | undefined
  readonly work: AtWork
  readonly leftOut: LeftOut
}

/**
 * The classifier that a run trained at its top, by cross-entropy; of a run without one a linear readout of its top,
 * fitted here on the data that it learned from.
 *
 * @throws Error where there is neither a classifier nor labelled data
 */
export async function classifierOf(run: OpenRun, options: ClassifierOptions): Promise<Classifier> {
  const unit = classifyingUnit(run)
  const opening = dataOfRun(
    run,
    'train',
    options.data,
    options.examples === undefined ? {} : { limit: options.examples }
  )
  if (unit === undefined) return readout(run, await opening, options)
  const classes = await opening.then(
    ({ classes }) => classes,
    (error: Error) => {
      process.stderr.write(`Classes have no names here, only numbers: ${error.message}\n`)
      return []
    }
  )
  const head = await headOf(run, unit, options)
  return {
    said: `By ${unit.name}, which the run trained to classify.`,
    classes: Array.from({ length: logitsOf(run, unit)! }, (_, i) => classes[i] ?? String(i)),
    probabilities: inputs =>
      tf.softmax(unit.head.apply(head, run.encode(inputs), { training: false }).output as tf.Tensor2D)
  }
}

/** The first unit at the top that learned to classify. */
const classifyingUnit = (run: OpenRun): Unit | undefined => {
  const { backbone } = run.experiment
  return unitsOf(run.experiment, run.network.shapes).find(
    unit => unit.end === backbone.stages.length && logitsOf(run, unit) !== undefined && isCrossEntropy(run, unit)
  )
}

/** How many numbers a head gives, where these are a row. */
function logitsOf({ network }: OpenRun, { head, end }: Unit): number | undefined {
  let shape: readonly number[] = []
  tf.tidy(() => {
    shape = head.init(seeded(0), network.shapes[end]!).outputShape
  })
  return shape.length === 1 ? shape[0] : undefined
}

/** A loss is a function, and nobody can look into one: it is asked, and answers as cross-entropy does or not. */
function isCrossEntropy(run: OpenRun, unit: Unit): boolean {
  const { loss } = unit
  const classes = logitsOf(run, unit)!
  if (typeof loss !== 'function' || classes < 2) return false
  return tf.tidy(() => {
    const logits = seeded(0).normal([8, classes]) as tf.Tensor2D
    const labels = tf.tensor1d(
      Array.from({ length: 8 }, (_, i) => i % classes),
      'int32'
    )
    const batch = { views: [logits] as const, labels }
    try {
      const [found, expected] = [loss([logits], batch), crossEntropy()([logits], batch)].map(
        value => value.dataSync<'float32'>()[0]!
      ) as [number, number]
      return Math.abs(found - expected) < 1e-4
    } catch {
      // One that wants more than labels and logits is another.
      return false
    }
  })
}

/** The head of a unit, as the file of weights or of a whole run has it. */
async function headOf({ network }: OpenRun, { name, head, end }: Unit, options: ClassifierOptions): Promise<Variables> {
  const path = resolve(options.folder, options.weights)
  const bytes = await readWholeFile(path)
  const like = own(() => {
    const { params, buffers } = head.init(seeded(0), network.shapes[end]!)
    return { params, buffers }
  }) as Owned<Variables>
  try {
    if (decodeSafetensors(bytes, { name: path }).metadata.format?.startsWith('lapstrake-run-') !== true)
      return deserialiseTree(bytes, { heads: { [name]: like } }, { name: path, ignoreRest: true }).heads[name]!
    const form = { name: path, ignoreRest: true, part: 'state' }
    return deserialiseTree(bytes, { units: { [name]: { head: like } } }, form).units[name]!.head
  } finally {
    dispose(like)
  }
}

async function readout(run: OpenRun, train: Dataset, { work, leftOut }: ClassifierOptions): Promise<Classifier> {
  if (train.classes.length < 2 || train.labels?.some(label => label < 0) === true)
    throw new Error(
      `predict: expected a run that learned to classify, or labelled data to fit a readout to, got a run without a ` +
        `classifier and ${train.name} without a label for every example. Name labelled data: --data ./photos.`
    )
  const prepare = fitted(train, run.manifest.inputShape)
  const features = await collectFeatures(train, input => run.encode(prepare?.(input) ?? input, { pooled: true }), {
    batchSize: 64,
    onProgress: (done, total) => work.say(`Features of training examples: ${done} of ${total}`)
  })
  features.unreadable.forEach(leftOut.tell)
  const fit = await fitReadout(features, {
    onProgress: (done, total) => work.say(`Fitting a linear readout: ${done} of ${total}`)
  })
  const [weights, bias] = [tf.tensor2d(fit.weights, [fit.dim, fit.classes]), tf.tensor1d(fit.bias)]
  return {
    said:
      `This run has no classifier: a linear readout of its top is fitted here to ${features.labels.length} examples ` +
      `of ${train.name}; of a tenth that it was tried on without them, it told ${percent(fit.validationAccuracy)}.`,
    classes: train.classes,
    probabilities: inputs =>
      tf.softmax(tf.add(tf.matMul(run.encode(inputs, { pooled: true }) as tf.Tensor2D, weights), bias))
  }
}
