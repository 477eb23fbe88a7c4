import {
  checkOptions,
  checkTensors,
  reduced,
  reductionKind,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * How much closer each anchor is to its positives than to each of its negatives, `[batch, negatives]`: inner products
 * with the means of blocks, `f · (p̄ − n̄)`. Rows are taken as long as they come.
 *
 * @param features the anchors, `[batch, dim]`
 * @param positives `[batch, block, dim]`
 * @param negatives `[batch, negatives, block, dim]`
 * @see Nozawa et al. 2020, section 2.1, https://arxiv.org/abs/1910.04464; blocks: Arora et al. 2019, section 6.2,
 * https://arxiv.org/abs/1902.09229
 */
export function contrastiveMargins(features: tf.Tensor2D, positives: tf.Tensor3D, negatives: tf.Tensor4D): tf.Tensor2D {
  checkTensors('contrastiveMargins', [features, positives, negatives])
  const [batch, dim] = features.shape
  const fits =
    positives.shape[0] === batch &&
    negatives.shape[0] === batch &&
    positives.shape[2] === dim &&
    negatives.shape[3] === dim
  if (!fits) {
    throw new Error(
      'contrastiveMargins: expected features [batch, dim], positives [batch, block, dim] and negatives [batch, ' +
        'negatives, block, dim], ' +
        `got ${[features, positives, negatives].map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}.`
    )
  }
  const apart = tf.sub(tf.mean(positives, 1, true), tf.mean(negatives, 2)) // [batch, negatives, dim]
  return tf.sum(tf.mul(tf.reshape(features, [batch, 1, dim]), apart), 2)
}

/** Exponents above this count as this, and have no gradient. */
const steepest = 64

/**
 * Logistic loss of margins `[batch, negatives]`: `log₂(1 + Σ exp(−v))`, 0 at best and 1 for one negative at a margin of
 * 0.
 *
 * @throws Error unless there are margins
 */
export function logisticLoss<R extends Reduction = 'mean'>(
  margins: tf.Tensor2D,
  options: ReductionOptions<R> = {}
): Reduced<R> {
  const reduction = reductionOf('logisticLoss', margins, options)
  const total = tf.sum(tf.exp(tf.minimum(tf.neg(margins), steepest)), 1)
  return reduced(tf.div(tf.log1p(total), Math.LN2), reduction)
}

/**
 * Hinge loss of margins `[batch, negatives]`: `max(0, 1 − least margin)`, 0 at best and 1 at a margin of 0.
 *
 * @throws Error unless there are margins
 */
export function hingeLoss<R extends Reduction = 'mean'>(
  margins: tf.Tensor2D,
  options: ReductionOptions<R> = {}
): Reduced<R> {
  const reduction = reductionOf('hingeLoss', margins, options)
  return reduced(tf.relu(tf.sub(1, tf.min(margins, 1))), reduction)
}

/**
 * Zero-one loss of margins `[batch, negatives]`: the part of the negatives that the positives are not closer than, 0 to
 * 1. A tie is an error, and so is a margin that is no number: the risk of a network that diverged is 1, not 0. Has no
 * gradient.
 *
 * @throws Error unless there are margins
 */
export function zeroOneLoss<R extends Reduction = 'mean'>(
  margins: tf.Tensor2D,
  options: ReductionOptions<R> = {}
): Reduced<R> {
  const reduction = reductionOf('zeroOneLoss', margins, options)
  return reduced(tf.mean(tf.cast(tf.logicalNot(tf.greater(margins, 0)), 'float32'), 1), reduction)
}

/** The option, when margins are there to be reduced. */
function reductionOf<R extends Reduction>(who: string, margins: tf.Tensor2D, options: ReductionOptions<R>): R {
  checkOptions(who, options, { reduction: reductionKind })
  checkTensors(who, [margins])
  if (margins.rank !== 2 || margins.size === 0) {
    throw new Error(
      `${who}: expected margins [batch, negatives], got [${margins.shape.join(', ')}]. ` +
        'Make them with contrastiveMargins().'
    )
  }
  return options.reduction ?? ('mean' as R)
}
