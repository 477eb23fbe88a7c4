import * as tf from '@tensorflow/tfjs-core'

/** The diagonal of a square matrix, `[n]`: each row with its own. */
export const diagonal = (matrix: tf.Tensor2D): tf.Tensor1D => tf.sum(tf.mul(matrix, tf.eye(matrix.shape[0])), 1)

/** A square matrix without its diagonal, `[n, n − 1]`: each row with the others. Wants two rows or more. */
export function offDiagonal(matrix: tf.Tensor2D): tf.Tensor2D {
  const n = matrix.shape[0]
  // Without its first entry, the diagonal is the last column of n − 1 rows that are one longer.
  const shifted = tf.reshape(tf.slice(tf.reshape(matrix, [n * n]), 1), [n - 1, n + 1])
  return tf.reshape(tf.slice(shifted, [0, 0], [n - 1, n]), [n, n - 1])
}
