import { detached } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** The square of what is larger may be Infinity, and what is divided by that 0. */
const largestSquared = 1e15

/**
 * Columns of `[batch, dim]` shifted to mean 0 and scaled to variance 1, biased: batch normalisation before its affine
 * map. Right for columns of any size.
 */
export function standardise(rows: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const centred = centre(rows)
  const scale = detached(() => {
    const largest = tf.max(tf.abs(centred), 0) // [dim]
    return tf.where(tf.greater(largest, largestSquared), largest, tf.onesLike(largest))
  })
  const scaled = tf.div<tf.Tensor2D>(centred, scale)
  const variance = tf.mean(tf.square(scaled), 0) // [dim]
  return tf.div(scaled, tf.sqrt(tf.add(variance, tf.div(epsilon, tf.square(scale)))))
}

/** Columns of `[batch, dim]` shifted to mean 0. */
export const centre = (rows: tf.Tensor2D): tf.Tensor2D => tf.sub(rows, tf.mean(rows, 0))
