import { checkOptions, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkFeatures, type Features } from './features.ts'
import { minimise, type Minimum } from './minimise.ts'

export interface LinearProbeOptions {
  /** Part of the training examples that chooses the regularisation. */
  readonly validation?: number | undefined
  /** Strengths to choose from: factors of half the squared weights, beside the mean cross-entropy. */
  readonly strengths?: readonly number[] | undefined
  /** Decides which examples validate. */
  readonly seed?: number | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** What a linear probe found. */
export interface LinearProbeResult {
  /** Accuracy on the test examples, from 0 to 1. */
  readonly accuracy: number
  /** The same of the validation examples, at the strength chosen. */
  readonly validationAccuracy: number
  readonly strength: number
  readonly iterations: number
  /** Whether the last fit reached its tolerance. */
  readonly converged: boolean
}

/**
 * How much a linear classifier reads from frozen features: multinomial logistic regression on features standardised
 * with the training examples, fitted to convergence by L-BFGS; the strength of the L2 regularisation is chosen on a
 * part of the training examples, then all of them are fitted again.
 *
 * @throws Error for features of different length, fewer than two classes, or test labels unseen in training
 * @throws RangeError for features that are not finite, a validation part that is not between 0 and 1, or strengths that
 * are not 0 or above
 */
export async function linearProbe(
  train: Features,
  test: Features,
  options: LinearProbeOptions = {}
): Promise<LinearProbeResult> {
  checkOptions<LinearProbeOptions>('linearProbe', options, {
    validation: 'number',
    strengths: 'list',
    seed: 'number',
    onProgress: 'function'
  })
  const { validation = 0.1, strengths = [1e-1, 1e-2, 1e-3, 1e-4], seed = 0, onProgress } = options
  checkChoices(validation, strengths)
  const random = seeded(seed)
  const classes = checkFeatures('linearProbe', train, test)
  const [trainRows, testRows] = standardised(train, test)
  const order = random.split('validation').permutation(train.labels.length)
  // At least one to choose with, and one to fit.
  const held = Math.min(order.length - 1, Math.max(1, Math.round(validation * order.length)))
  const [validating, fitting] = [pick(trainRows, order.slice(0, held)), pick(trainRows, order.slice(held))]

  const start = new Float64Array((train.dim + 1) * classes)
  let at: Float64Array = start
  let best = { accuracy: -1, strength: 0, at }
  for (const [i, strength] of strengths.entries()) {
    // Roughly, for choosing: the last fit runs to the end.
    ;({ at } = await fit(fitting, classes, strength, at, 5e-3))
    const accuracy = await accuracyOf(validating, classes, at)
    if (accuracy > best.accuracy) best = { accuracy, strength, at }
    onProgress?.(i + 1, strengths.length + 1)
  }
  const final = await fit(trainRows, classes, best.strength, best.at, 1e-3)
  onProgress?.(strengths.length + 1, strengths.length + 1)
  return {
    accuracy: await accuracyOf(testRows, classes, final.at),
    validationAccuracy: best.accuracy,
    strength: best.strength,
    iterations: final.iterations,
    converged: final.converged
  }
}

function checkChoices(validation: number, strengths: readonly number[]): void {
  if (!(validation > 0 && validation < 1)) {
    throw new RangeError(`linearProbe: expected a validation part between 0 and 1, got ${validation}. Try 0.1.`)
  }
  if (strengths.length > 0 && strengths.every(strength => strength >= 0 && strength < Infinity)) return
  throw new RangeError(`linearProbe: expected strengths of 0 or above, got [${strengths.join(', ')}]. Leave them out.`)
}

function standardised(train: Features, test: Features): [Features, Features] {
  const { values, dim } = train
  const count = values.length / dim
  const mean = new Float64Array(dim)
  const square = new Float64Array(dim)
  for (let i = 0; i < values.length; i++) mean[i % dim]! += values[i]! / count
  for (let i = 0; i < values.length; i++) square[i % dim]! += (values[i]! - mean[i % dim]!) ** 2 / count
  // A feature that never changes says nothing.
  const scale = square.map(variance => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 0))
  const apply = (features: Features): Features => ({
    ...features,
    values: features.values.map((value, i) => (value - mean[i % dim]!) * scale[i % dim]!)
  })
  return [apply(train), apply(test)]
}

function pick({ values, labels, dim }: Features, rows: Uint32Array): Features {
  const picked = new Float32Array(rows.length * dim)
  rows.forEach((row, i) => picked.set(values.subarray(row * dim, (row + 1) * dim), i * dim))
  return { values: picked, labels: Int32Array.from(rows, row => labels[row]!), dim }
}

/** Weights `[dim, classes]`, then biases `[classes]`. */
function unpack(at: Float64Array, dim: number, classes: number): [tf.Tensor2D, tf.Tensor2D] {
  const numbers = Float32Array.from(at)
  return [
    tf.tensor2d(numbers.subarray(0, dim * classes), [dim, classes]),
    tf.tensor2d(numbers.subarray(dim * classes), [1, classes])
  ]
}

/** Minimises the mean cross-entropy plus `strength / 2` times the squared weights; biases are free. */
async function fit(
  { values, labels, dim }: Features,
  classes: number,
  strength: number,
  start: Float64Array,
  tolerance: number
): Promise<Minimum> {
  const count = labels.length
  const x = tf.tensor2d(values, [count, dim])
  // Transposed once: a product with a transposed factor would do it at every step.
  const xt = tf.transpose(x)
  const wanted = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32') as tf.Tensor2D)
  const minimum = await minimise(
    async at => {
      const packed = tf.tidy(() => {
        const [weights, bias] = unpack(at, dim, classes)
        const logits = tf.add(tf.matMul(x, weights), bias)
        const logProbability = tf.logSoftmax(logits)
        const miss = tf.div(tf.sub(tf.exp(logProbability), wanted), count) as tf.Tensor2D
        const loss = tf.neg(tf.div(tf.sum(tf.mul(logProbability, wanted)), count))
        return tf.concat([tf.reshape(loss, [1]), tf.reshape(tf.matMul(xt, miss), [-1]), tf.sum(miss, 0)])
      })
      const numbers = await packed.data()
      packed.dispose()
      const gradient = Float64Array.from(numbers.subarray(1))
      let penalty = 0
      for (let i = 0; i < dim * classes; i++) {
        penalty += at[i]! ** 2
        gradient[i]! += strength * at[i]!
      }
      return { value: numbers[0]! + (strength * penalty) / 2, gradient }
    },
    start,
    { tolerance }
  )
  tf.dispose([x, xt, wanted])
  return minimum
}

async function accuracyOf({ values, labels, dim }: Features, classes: number, at: Float64Array): Promise<number> {
  const predicted = tf.tidy(() => {
    const [weights, bias] = unpack(at, dim, classes)
    return tf.argMax(tf.add(tf.matMul(tf.tensor2d(values, [labels.length, dim]), weights), bias), 1)
  })
  const found = await predicted.data()
  predicted.dispose()
  return labels.filter((label, i) => label === found[i]).length / labels.length
}
