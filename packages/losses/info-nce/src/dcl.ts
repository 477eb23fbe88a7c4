import {
  checkOptions,
  reduced,
  reductionKind,
  type ViewLossOf,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkTemperature, checkViews, logSumExpRows, zeroRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { pairsOf } from './pairs-of.ts'

export interface DCLOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the cosine similarities. */
  readonly temperature?: number | undefined
}

/**
 * Decoupled contrastive loss: NT-Xent whose denominator leaves the positive out, which lets small batches learn.
 *
 * Takes two views `[batch, dim]` of any length; rows are scaled to length one here. Returns nats, averaged over the
 * rows of both views, `[2 · batch]` view after view: below zero when positives are closer than negatives,
 * `log(2 · batch − 2)` when all embeddings are equal, and exactly 0 for a batch of one, which has no negatives.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error unless there are two views of one shape
 * @see Yeh et al. 2022, eq. 6, https://arxiv.org/abs/2110.06848
 */
export function dcl<R extends Reduction = 'mean'>(options: DCLOptions<R> = {}): ViewLossOf<R> {
  checkOptions('dcl', options, { temperature: 'number', reduction: reductionKind })
  const { temperature = 0.1, reduction = 'mean' as R } = options
  checkTemperature('dcl', temperature)
  return embeddings => {
    checkViews('dcl', embeddings)
    const { positive, negatives, count } = pairsOf('dcl', embeddings, temperature)
    if (count === 0) return reduced(zeroRows(positive), reduction)
    return reduced(tf.squeeze(tf.sub(logSumExpRows(negatives), positive), [1]), reduction)
  }
}
