import { checkOptions, type Loss } from '@lapstrake/core'
import { checkTemperature, checkViews, logSumExpRows, zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { pairsOf } from './pairs-of.ts'

export interface DCLOptions {
  /** Divides the cosine similarities. */
  readonly temperature?: number | undefined
}

/**
 * Decoupled contrastive loss: NT-Xent whose denominator leaves the positive out, which lets small batches learn.
 *
 * Takes two views `[batch, dim]` of any length; rows are scaled to length one here. Returns nats, averaged over the
 * rows of both views: below zero when positives are closer than negatives, `log(2 · batch − 2)` when all embeddings are
 * equal, and exactly 0 for a batch of one, which has no negatives.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error unless there are two views of one shape
 * @see Yeh et al. 2022, eq. 6, https://arxiv.org/abs/2110.06848
 */
export function dcl(options: DCLOptions = {}): Loss {
  checkOptions('dcl', options, { temperature: 'number' })
  const { temperature = 0.1 } = options
  checkTemperature('dcl', temperature)
  return embeddings => {
    checkViews('dcl', embeddings)
    const { positive, negatives, count } = pairsOf('dcl', embeddings, temperature)
    if (count === 0) return zeroLoss(positive)
    return tf.mean(tf.sub(logSumExpRows(negatives), positive)) as tf.Scalar
  }
}
