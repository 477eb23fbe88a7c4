import * as tf from '@tensorflow/tfjs-core'

/** What each row costs where there is nothing to compare: exactly zero, as {@link zeroLoss}; `[batch]`. */
export const zeroRows = (rows: tf.Tensor2D): tf.Tensor1D => tf.sum(tf.mul(rows, 0), 1)

/** Exactly zero, with a gradient of exactly zero for every row: what a loss costs where there is nothing to compare. */
export const zeroLoss = (rows: tf.Tensor): tf.Scalar => tf.sum(tf.mul(rows, 0))
