import {
  checkOptions,
  reduced,
  reductionKind,
  type Reduced,
  type Reduction,
  type StatefulLossOf,
  type Views
} from '@lapstrake/core'
import { targetsOf } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { twoViews } from './checks.ts'
import { checked, negativeCosines, type NegativeCosineOptions } from './negative-cosine.ts'
import { withPredictor, type Predictor } from './predictor.ts'

export interface BYOLOptions<R extends Reduction = 'mean' | 'sum'> extends NegativeCosineOptions<R> {
  /**
   * Width of the predictor's hidden layer: sixteen times the embedding's when left out, as the paper's 4096 for 256.
   */
  readonly hidden?: number | undefined
}

/**
 * BYOL: from its embedding of each view, a predictor should guess where a slower network's embedding of the other
 * points.
 *
 * Wants a recipe with a `target`. The paper's momentum rises along a cosine from 0.996 to 1, which for a run of `steps`
 * is `{ momentum: step => 1 - 0.004 * (1 + Math.cos(Math.PI * step / steps)) / 2 }`. Takes two views `[batch, dim]` of
 * any length. The predictor – linear, batch normalisation, ReLU, linear – learns with the unit and has no part in the
 * target. Returns a number from 0, where every guess is right, to 8, averaged over the examples, `[batch]`; exactly 0
 * for a batch of one. A low loss alone says little, for equal embeddings reach it too: watch how they spread.
 *
 * @throws RangeError if `hidden` is not a whole number from 1 to 65536, or `epsilon` is not above 0
 * @throws Error without a target network, or unless there are two views of one shape
 * @see Grill et al. 2020, eq. 1 and 2, https://arxiv.org/abs/2006.07733
 */
export function byol<R extends Reduction = 'mean'>(
  options: BYOLOptions<R> = {}
): StatefulLossOf<R, Predictor, Record<string, never>> {
  checkOptions('byol', options, { hidden: 'number', epsilon: 'number', reduction: reductionKind })
  const { hidden, ...given } = options
  const { reduction } = checked<R>('byol', given)
  return withPredictor('byol', { hidden, proportion: 16, reduction }, (embeddings, batch) => {
    const answers = targetsOf('byol', embeddings, batch?.targets)
    return predictions => byolLoss(predictions, answers, given)
  })
}

/**
 * {@link byol} for predictions of your own: `2 − 2 cos(p₁, z₂) + 2 − 2 cos(p₂, z₁)`, the squared distances of rows of
 * length one. No gradient reaches the targets.
 *
 * @throws Error unless there are two predictions and two targets, all of one shape
 * @see Grill et al. 2020, eq. 2, https://arxiv.org/abs/2006.07733
 */
export function byolLoss<R extends Reduction = 'mean'>(
  predictions: Views<tf.Tensor2D>,
  targets: Views<tf.Tensor2D>,
  options: NegativeCosineOptions<R> = {}
): Reduced<R> {
  const { epsilon, reduction } = checked('byolLoss', options)
  const [[p1, p2], [z1, z2]] = [twoViews('byolLoss', predictions), twoViews('byolLoss', targets)]
  const each = tf.add(negativeCosines(p1, z2, epsilon), negativeCosines(p2, z1, epsilon))
  return reduced(tf.add(4, tf.mul(each, 2)), reduction)
}
