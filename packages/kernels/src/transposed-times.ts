import * as tf from '@tensorflow/tfjs-core'

/**
 * `aᵀ b` for a tall matrix `a [n, m]` and a slim one `b [n, dim]`, as `(bᵀ a)ᵀ`: only slim matrices are transposed.
 * Backends that transpose a factor before they multiply would copy the tall one.
 */
export const transposedTimes = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  tf.transpose(tf.matMul(tf.transpose(b), a))
