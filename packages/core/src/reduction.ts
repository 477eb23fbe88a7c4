import * as tf from '@tensorflow/tfjs-core'
import type { Batch, LossVariables, Memory, Params, StatefulLoss, Views } from './contracts.ts'
import type { OptionKind } from './options.ts'
import { withGradient, type WithGradient } from './with-gradient.ts'

/** What becomes of what each row costs: its mean, its sum, or nothing, so that there is a value for each row. */
export type Reduction = 'mean' | 'sum' | 'none'

/** The option of losses that are a mean over rows. */
export interface ReductionOptions<R extends Reduction = 'mean' | 'sum'> {
  /** The mean of what the rows cost, their sum, or with `none` what each of them costs: a {@link RowLoss}. */
  readonly reduction?: R | undefined
}

/** The kind of the option, for `checkOptions`. */
export const reductionKind: OptionKind = { among: ['mean', 'sum', 'none'] }

/** What is left of rows: one number, or one for each. */
export type Reduced<R extends Reduction> = R extends 'none' ? tf.Tensor1D : tf.Scalar

/** A loss whose rows are reduced so. */
export type LossOf<R extends Reduction> = (embeddings: Views<tf.Tensor2D>, batch: Batch) => Reduced<R>

/** A {@link LossOf} that reads nothing but the embeddings, so that it may be asked without a batch: `loss([a, b])`. */
export type ViewLossOf<R extends Reduction = 'mean'> = (embeddings: Views<tf.Tensor2D>, batch?: Batch) => Reduced<R>

/**
 * What each row costs, `[rows]`: what a loss gives with `reduction: 'none'`. Not a loss, for a recipe wants one number:
 * weigh the rows and take their mean.
 */
export type RowLoss = LossOf<'none'>

/** A loss with variables whose rows are reduced so. */
export interface StatefulLossOf<R extends Reduction, P extends Params = Params, M extends Memory = Memory>
  extends Pick<StatefulLoss<P, M>, 'init'> {
  apply(
    embeddings: Views<tf.Tensor2D>,
    batch: Batch,
    variables: LossVariables<P, M>
  ): { readonly loss: Reduced<R>; readonly memory: M }
}

/**
 * The mean of what rows cost, their sum, or the rows themselves.
 *
 * @param rows `[rows]`
 * @param count what the sum is divided by for the mean, where some rows do not count; all of them when left out
 */
export function reduced<R extends Reduction>(rows: tf.Tensor1D, reduction: R, count?: number | tf.Tensor): Reduced<R> {
  if (reduction === 'none') return rows as Reduced<R>
  if (reduction === 'sum') return tf.sum(rows) as Reduced<R>
  return (count === undefined ? tf.mean(rows) : tf.div(tf.sum(rows), count)) as Reduced<R>
}

/**
 * {@link reduced} rows with a gradient in closed form, as one operation: the same formula gives the gradient of each
 * row and that of their mean, which needs no number for each row on its way back.
 *
 * @param f as for `withGradient`, gives the rows `[rows]`; its gradient takes what multiplies that of each row,
 * `[rows, 1]`, or one number for all of them
 * @param count what the sum is divided by for the mean, where some rows do not count; all of them when left out
 */
export function reducedWithGradient<const X extends readonly tf.Tensor[], R extends Reduction>(
  inputs: X,
  reduction: R,
  f: (...inputs: X) => WithGradient<tf.Tensor1D, tf.Tensor>,
  count?: number | tf.Tensor
): Reduced<R> {
  return withGradient<X, tf.Tensor>(inputs, (...given) => {
    const { value: rows, saved, gradient } = f(...given)
    const { size } = rows
    return {
      value: reduced(rows, reduction, count),
      saved: typeof count === 'object' ? [...saved, count] : saved,
      gradient(dy, kept) {
        const divisor = typeof count === 'object' ? kept.at(-1)! : (count ?? size)
        const each = reduction === 'none' ? tf.expandDims(dy, 1) : reduction === 'sum' ? dy : tf.div(dy, divisor)
        return gradient(each, kept)
      }
    }
  }) as Reduced<R>
}
