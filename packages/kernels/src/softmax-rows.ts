import * as tf from '@tensorflow/tfjs-core'

/** The softmax of each row and the logarithm of what it was divided by. */
export interface RowSoftmax {
  readonly probability: tf.Tensor2D // [n, m]
  readonly logTotal: tf.Tensor2D // [n, 1]
}

/**
 * Softmax over the rows of `[n, m]` logits, and `log Σ exp` of each row, for one large result instead of five.
 *
 * The largest logit of a row and its probability give the total: `p = exp(l) / total`, and `p` is at least `1 / m`.
 */
export function softmaxRows(logits: tf.Tensor2D): RowSoftmax {
  const probability = tf.softmax(logits)
  const logTotal = tf.sub(tf.max(logits, 1, true), tf.log(tf.max(probability, 1, true))) as tf.Tensor2D
  return { probability, logTotal }
}
