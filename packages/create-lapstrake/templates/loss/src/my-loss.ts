import { checkOptions, pairOf, type ViewLossOf } from '@lapstrake/core'
import { checkPositive, checkViews, normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface MyLossOptions {
  /** Multiplies the loss. */
  readonly weight?: number | undefined
}

/**
 * Pulls the two views of an example together: the mean squared distance of their unit rows.
 *
 * Takes two views `[batch, dim]` of any length. Returns a number from 0 to `4 · weight`; alone it is lowest when all
 * embeddings are equal, so give it something that spreads them. This is where your loss begins: say here what it is and
 * cite its equation.
 *
 * @throws RangeError if `weight` is not above 0
 * @throws Error unless there are two views of one shape
 */
export function myLoss(options: MyLossOptions = {}): ViewLossOf {
  checkOptions('myLoss', options, { weight: 'number' })
  const { weight = 1 } = options
  checkPositive('myLoss', 'weight', weight, 'Try 1.')
  return embeddings => {
    checkViews('myLoss', embeddings)
    const [first, second] = pairOf('myLoss', embeddings).map(normaliseRows) as [tf.Tensor2D, tf.Tensor2D]
    return tf.mul(tf.mean(tf.sum(tf.squaredDifference(first, second), 1)), weight) as tf.Scalar
  }
}
