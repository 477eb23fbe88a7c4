import {
  checkOptions,
  reduced,
  reductionKind,
  type Reduced,
  type Reduction,
  type StatefulLossOf,
  type Views
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { twoViews } from './checks.ts'
import { checked, negativeCosines, type NegativeCosineOptions } from './negative-cosine.ts'
import { withPredictor, type Predictor } from './predictor.ts'

export interface SimSiamOptions<R extends Reduction = 'mean' | 'sum'> extends NegativeCosineOptions<R> {
  /** Width of the predictor's hidden layer: a quarter of the embedding's when left out, as the paper's 512 for 2048. */
  readonly hidden?: number | undefined
}

/**
 * SimSiam: from its embedding of each view, a predictor should guess where the other's points, which is a constant to
 * the gradient.
 *
 * Takes two views `[batch, dim]` of any length. The predictor – linear, batch normalisation, ReLU, linear – learns with
 * the unit; without it, or with a gradient on both sides, the embeddings collapse. Returns a number from −1, where
 * every guess is right, to 1, averaged over the examples, `[batch]`; exactly 0 for a batch of one. A low loss alone
 * says little, for equal embeddings reach it too: watch how they spread.
 *
 * @throws RangeError if `hidden` is not a whole number from 1 to 65536, or `epsilon` is not above 0
 * @throws Error unless there are two views of one shape
 * @see Chen & He 2021, eq. 4 and algorithm 1, https://arxiv.org/abs/2011.10566
 */
export function simSiam<R extends Reduction = 'mean'>(
  options: SimSiamOptions<R> = {}
): StatefulLossOf<R, Predictor, Record<string, never>> {
  checkOptions('simSiam', options, { hidden: 'number', epsilon: 'number', reduction: reductionKind })
  const { hidden, ...given } = options
  const { reduction } = checked<R>('simSiam', given)
  return withPredictor(
    'simSiam',
    { hidden, proportion: 1 / 4, reduction },
    embeddings => predictions => simSiamLoss(predictions, embeddings, given)
  )
}

/**
 * {@link simSiam} for predictions of your own: `D(p₁, z₂) / 2 + D(p₂, z₁) / 2`, with `D` the {@link negativeCosine}. No
 * gradient reaches the embeddings.
 *
 * @throws Error unless there are two predictions and two embeddings, all of one shape
 * @see Chen & He 2021, eq. 4, https://arxiv.org/abs/2011.10566
 */
export function simSiamLoss<R extends Reduction = 'mean'>(
  predictions: Views<tf.Tensor2D>,
  embeddings: Views<tf.Tensor2D>,
  options: NegativeCosineOptions<R> = {}
): Reduced<R> {
  const { epsilon, reduction } = checked('simSiamLoss', options)
  const [[p1, p2], [z1, z2]] = [twoViews('simSiamLoss', predictions), twoViews('simSiamLoss', embeddings)]
  return reduced(tf.div(tf.add(negativeCosines(p1, z2, epsilon), negativeCosines(p2, z1, epsilon)), 2), reduction)
}
