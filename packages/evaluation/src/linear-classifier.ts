import { type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Features } from './features.ts'
import { minimise, type Minimum } from './minimise.ts'

/** Logistic regression that was fitted. */
export interface LinearClassifier {
  /** Accuracy on other features, from 0 to 1. */
  accuracyOn(features: Features): Promise<number>
  /** What it adds up, for features as they come: `[dim, classes]`, then a number for each class. */
  readonly weights: Float32Array
  readonly bias: Float32Array
  readonly validationAccuracy: number
  readonly strength: number
  readonly iterations: number
  readonly converged: boolean
}

/** How to fit, with nothing left out. */
export interface FitOptions {
  readonly classes: number
  /** Part of the examples that chooses the strength. */
  readonly validation: number
  readonly strengths: readonly number[]
  readonly random: Random
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** The part and the strengths that `linearProbe` has when they are left out. */
export const usualChoices = { validation: 0.1, strengths: [1e-1, 1e-2, 1e-3, 1e-4] } as const

/**
 * Fits multinomial logistic regression to features standardised with themselves: the strength of its regularisation is
 * chosen on a part of them, then all of them are fitted again.
 */
export async function fitClassifier(
  train: Features,
  { classes, validation, strengths, random, onProgress }: FitOptions
): Promise<LinearClassifier> {
  const standard = standardOf(train)
  const standardise = (features: Features): Features => standardised(features, standard)
  const rows = standardise(train)
  const order = random.split('validation').permutation(train.labels.length)
  // At least one to choose with, and one to fit.
  const held = Math.min(order.length - 1, Math.max(1, Math.round(validation * order.length)))
  const [validating, fitting] = [pick(rows, order.slice(0, held)), pick(rows, order.slice(held))]

  let at: Float64Array = new Float64Array((train.dim + 1) * classes)
  let best = { accuracy: -1, strength: 0, at }
  for (const [i, strength] of strengths.entries()) {
    // Roughly, for choosing: the last fit runs to the end.
    ;({ at } = await fit(fitting, classes, strength, at, 5e-3))
    const accuracy = await accuracyOf(validating, classes, at)
    if (accuracy > best.accuracy) best = { accuracy, strength, at }
    onProgress?.(i + 1, strengths.length + 1)
  }
  const final = await fit(rows, classes, best.strength, best.at, 1e-3)
  onProgress?.(strengths.length + 1, strengths.length + 1)
  return {
    accuracyOn: features => accuracyOf(standardise(features), classes, final.at),
    ...asTheyCome(final.at, standard, classes),
    validationAccuracy: best.accuracy,
    strength: best.strength,
    iterations: final.iterations,
    converged: final.converged
  }
}

/** By which features are brought to a mean of 0 and a deviation of 1. */
interface Standard {
  readonly mean: Float64Array
  readonly scale: Float64Array
}

function standardOf({ values, dim }: Features): Standard {
  const count = values.length / dim
  const mean = new Float64Array(dim)
  const square = new Float64Array(dim)
  for (let i = 0; i < values.length; i++) mean[i % dim]! += values[i]! / count
  for (let i = 0; i < values.length; i++) square[i % dim]! += (values[i]! - mean[i % dim]!) ** 2 / count
  // A feature that never changes says nothing.
  return { mean, scale: square.map(variance => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 0)) }
}

const standardised = (features: Features, { mean, scale }: Standard): Features => ({
  ...features,
  values: features.values.map((value, i) => (value - mean[i % features.dim]!) * scale[i % features.dim]!)
})

/** The same weights and biases for features that were not standardised. */
function asTheyCome(
  at: Float64Array,
  { mean, scale }: Standard,
  classes: number
): Pick<LinearClassifier, 'weights' | 'bias'> {
  const weights = new Float32Array(mean.length * classes)
  const bias = at.slice(weights.length)
  for (let i = 0; i < weights.length; i++) {
    const feature = Math.floor(i / classes)
    const weight = at[i]! * scale[feature]!
    weights[i] = weight
    bias[i % classes]! -= mean[feature]! * weight
  }
  return { weights, bias: Float32Array.from(bias) }
}

/** These rows of features. */
export function pick({ values, labels, dim }: Features, rows: Uint32Array): Features {
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
