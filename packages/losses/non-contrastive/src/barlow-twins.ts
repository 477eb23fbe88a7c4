import { checkOptions, type ViewLossOf } from '@lapstrake/core'
import { checkPositive, zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkWeight, twoViews } from './checks.ts'
import { offDiagonalSquares } from './off-diagonal-squares.ts'
import { standardise } from './standardise.ts'

export interface BarlowTwinsOptions {
  /** Weight of what different dimensions have in common, the paper's λ. */
  readonly redundancy?: number | undefined
  /** Added to the variances, so that a constant dimension correlates with none. */
  readonly epsilon?: number | undefined
}

/**
 * Barlow Twins: each dimension of one view should correlate with itself in the other view, and with no other dimension.
 *
 * Takes two views `[batch, dim]`; each dimension is standardised over the batch here, so its offset and scale do not
 * matter. With `C` the correlations of the dimensions of one view with those of the other, it is
 * `Σᵢ (1 − Cᵢᵢ)² + λ Σ_{i≠j} Cᵢⱼ²`. Returns a number of 0 or more, summed over the dimensions: `dim` when all
 * embeddings are equal, exactly 0 for a batch of one, which has no correlations. It has no `reduction`: the batch is
 * compared dimension by dimension, not row by row.
 *
 * @throws RangeError if `redundancy` is below 0 or `epsilon` is not above 0
 * @throws Error unless there are two views of one shape
 * @see Zbontar et al. 2021, eq. 1 and 2, https://arxiv.org/abs/2103.03230
 */
export function barlowTwins(options: BarlowTwinsOptions = {}): ViewLossOf {
  checkOptions('barlowTwins', options, { redundancy: 'number', epsilon: 'number' })
  const { redundancy = 5e-3, epsilon = 1e-5 } = options
  checkWeight('barlowTwins', 'redundancy', redundancy, 'Try 5e-3.')
  checkPositive('barlowTwins', 'small epsilon', epsilon, 'Try 1e-5.')
  return embeddings => {
    const [first, second] = twoViews('barlowTwins', embeddings)
    const [batch] = first.shape
    if (batch === 1) return zeroLoss(tf.concat2d([...embeddings], 0))
    const [a, b] = [standardise(first, epsilon), standardise(second, epsilon)]
    const diagonal = tf.mean(tf.mul(a, b), 0) // of C, [dim]
    return tf.add(tf.sum(tf.squaredDifference(1, diagonal)), tf.mul(offDiagonalSquares(a, b), redundancy / batch ** 2))
  }
}
