import * as tf from '@tensorflow/tfjs-core'

/**
 * Columns of `[batch, dim]` shifted to mean 0 and scaled to variance 1, biased: batch normalisation before its affine
 * map.
 */
export function standardise(rows: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const centred = centre(rows)
  const variance = tf.mean(tf.square(centred), 0) // [dim]
  return tf.div(centred, tf.sqrt(tf.add(variance, epsilon)))
}

/** Columns of `[batch, dim]` shifted to mean 0. */
export const centre = (rows: tf.Tensor2D): tf.Tensor2D => tf.sub(rows, tf.mean(rows, 0))
