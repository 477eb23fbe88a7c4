import * as tf from '@tensorflow/tfjs-core'

/**
 * Squared Euclidean distances between the rows of `a [n, dim]` and `b [m, dim]`, `[n, m]`, by `‖a‖² + ‖b‖² − 2ab`.
 *
 * Never below zero, and with a gradient that is finite for equal rows, for no root is taken.
 */
export function squaredDistances(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const lengths = tf.add(tf.sum(tf.square(a), 1, true), tf.reshape(tf.sum(tf.square(b), 1), [1, -1]))
  return tf.relu(tf.sub(lengths, tf.mul(tf.matMul(a, tf.transpose(b)), 2)))
}
