import * as tf from '@tensorflow/tfjs-core'

/** The least finite float32. */
const lowest = -3.4028234e38

/**
 * Logits of which some have no part in a softmax. They are chosen, not lowered by some number, which a long row's
 * similarity with itself may be above.
 *
 * @param excluded which, of type `bool`, in the shape of the logits
 */
export const leaveOut = (logits: tf.Tensor2D, excluded: tf.Tensor): tf.Tensor2D => tf.where(excluded, lowest, logits)

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
