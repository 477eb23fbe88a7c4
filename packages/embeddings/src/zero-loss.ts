import * as tf from '@tensorflow/tfjs-core'

/** Exactly zero, with a gradient of exactly zero for every row: what a loss costs where there is nothing to compare. */
export const zeroLoss = (rows: tf.Tensor): tf.Scalar => tf.sum(tf.mul(rows, 0))
