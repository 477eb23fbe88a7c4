import { withGradient } from '@lapstrake/core'
import { softmaxRows } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'

/**
 * `log Σ exp` of each row of `[n, m]` logits, `[n, 1]`; its gradient is the softmax, the one large matrix that it
 * keeps.
 */
export const logSumExpRows = (logits: tf.Tensor2D): tf.Tensor2D =>
  withGradient([logits], logits => {
    const { probability, logTotal } = softmaxRows(logits)
    return { value: logTotal, saved: [probability], gradient: (dy, [probability]) => [tf.mul(probability!, dy)] }
  })
