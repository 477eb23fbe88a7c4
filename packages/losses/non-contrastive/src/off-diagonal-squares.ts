import * as tf from '@tensorflow/tfjs-core'

/**
 * `Σ_{i≠j} (aᵀb)ᵢⱼ²` for `a` and `b` `[batch, dim]`: how much different columns have in common.
 *
 * With more columns than rows, by `‖aᵀb‖² = ⟨aaᵀ, bbᵀ⟩` and less the diagonal: matrices `[batch, batch]` in place of
 * one `[dim, dim]`, which at the widths of the papers would be a quarter of a gigabyte.
 */
export function offDiagonalSquares(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  const [batch, dim] = a.shape
  if (dim <= batch) {
    const products = tf.matMul(tf.transpose(a), b) // [dim, dim]
    return tf.sum(tf.square(tf.mul(products, tf.sub(1, tf.eye(dim)))))
  }
  const diagonal = tf.sum(tf.mul(a, b), 0) // [dim]
  return tf.sub(tf.sum(tf.mul(gram(a), gram(b))), tf.sum(tf.square(diagonal)))
}

/** `[batch, batch]` */
const gram = (rows: tf.Tensor2D): tf.Tensor2D => tf.matMul(rows, tf.transpose(rows))
