import { checkOptions, type ViewLossOf } from '@lapstrake/core'
import { checkPositive, checkViews, zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkWeight } from './checks.ts'
import { offDiagonalSquares } from './off-diagonal-squares.ts'
import { centre } from './standardise.ts'

export interface VICRegOptions {
  /** Weight of how far views of an example are apart, the paper's λ. */
  readonly invariance?: number | undefined
  /** Weight of how much dimensions fail to vary, the paper's μ. */
  readonly variance?: number | undefined
  /** Weight of how much dimensions vary together, the paper's ν. */
  readonly covariance?: number | undefined
  /** The standard deviation that each dimension should reach, the paper's γ. */
  readonly deviation?: number | undefined
  /** Added to the variances, so that the root has a slope at 0. */
  readonly epsilon?: number | undefined
}

/**
 * VICReg: the views of an example should agree, every dimension should vary over the batch, and no two should vary
 * together.
 *
 * Takes two views or more `[batch, dim]`, whose scale matters. For two it is
 * `λ s(a, b) + μ (v(a) + v(b)) / 2 + ν (c(a) + c(b))`, with
 *
 *     s(a, b)   the mean of (a − b)² over examples and dimensions
 *     v(z)      the mean of max(0, γ − √(variance + ε)) over the dimensions
 *     c(z)      the sum of the squared covariances of different dimensions, divided by dim
 *
 * and for more the mean of that over all pairs of views. The factors 1 / dim in `s` and 1 / 2 at `v` are those of the
 * authors' code; the paper's equations are without. Returns a number of 0 or more: `μ (γ − √ε)` when all embeddings are
 * equal, exactly 0 for a batch of one, which cannot vary. It has no `reduction`: dimensions vary over the whole batch.
 *
 * @throws RangeError if a weight is below 0, or `deviation` or `epsilon` is not above 0
 * @throws Error for fewer than two views, or views of different shapes
 * @see Bardes et al. 2022, eq. 1 to 6, https://arxiv.org/abs/2105.04906
 */
export function vicReg(options: VICRegOptions = {}): ViewLossOf {
  checkOptions('vicReg', options, {
    invariance: 'number',
    variance: 'number',
    covariance: 'number',
    deviation: 'number',
    epsilon: 'number'
  })
  const { invariance = 25, variance = 25, covariance = 1, deviation = 1, epsilon = 1e-4 } = options
  checkWeight('vicReg', 'invariance', invariance, 'Try 25.')
  checkWeight('vicReg', 'variance', variance, 'Try 25.')
  checkWeight('vicReg', 'covariance', covariance, 'Try 1.')
  checkPositive('vicReg', 'deviation', deviation, 'Try 1.')
  checkPositive('vicReg', 'small epsilon', epsilon, 'Try 1e-4.')
  return embeddings => {
    checkViews('vicReg', embeddings)
    const [batch, dim] = embeddings[0].shape
    if (batch === 1) return zeroLoss(tf.concat2d([...embeddings], 0))
    const centred = embeddings.map(centre)
    const deviations = (z: tf.Tensor2D): tf.Tensor =>
      tf.sqrt(tf.add(tf.div(tf.sum(tf.square(z), 0), batch - 1), epsilon)) // [dim]

    const s = meanOf(pairsOf(embeddings).map(([a, b]) => tf.mean(tf.squaredDifference(a, b))))
    const v = meanOf(centred.map(z => tf.mean(tf.relu(tf.sub(deviation, deviations(z))))))
    const c = meanOf(centred.map(z => tf.div(offDiagonalSquares(z, z), dim * (batch - 1) ** 2)))
    return tf.addN([tf.mul(s, invariance), tf.mul(v, variance), tf.mul(c, 2 * covariance)])
  }
}

const meanOf = (scalars: tf.Scalar[]): tf.Scalar => tf.div(tf.addN(scalars), scalars.length)

/** Every two, once. */
const pairsOf = <T>(items: readonly T[]): (readonly [T, T])[] =>
  items.flatMap((a, i) => items.slice(i + 1).map(b => [a, b] as const))
