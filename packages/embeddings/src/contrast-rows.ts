import { fusedOr, withGradient } from '@lapstrake/core'
import { contrastRows as contrast } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { zeroLoss, zeroRows } from './zero-loss.ts'

export interface ContrastOptions {
  /** Divides the similarities. */
  readonly temperature: number
  /**
   * Compares so many rows at a time with all others, all at once when left out. The wasm backend has tiles of its own.
   */
  readonly chunk?: number | undefined
}

/**
 * Rows among all others, less what attracts them, which is what NT-Xent and SupCon are made of:
 * `Σ cᵢ (log Σ exp(zᵢ · zⱼ / t) − aᵢ)`, the inner sum over all `j` other than `i`.
 *
 * With `a` the mean similarity to a row's positives, over `t`, and `c` one over the number of rows it is NT-Xent in
 * nats. Value and gradient are made at once, and only the gradient stays. The wasm backend holds at most 10 MB of
 * similarities, others tiles `[chunk, n]`. A row alone costs exactly 0.
 *
 * @param rows `z`, `[n, dim]`, as they are
 * @param attracted `a`, `[asking]`: the first rows ask, the others only answer
 * @param weights `c`, `[asking]`, not differentiated
 * @see Chen et al. 2020, eq. 1, https://arxiv.org/abs/2002.05709
 * @see Khosla et al. 2020, eq. 2, https://arxiv.org/abs/2004.11362
 */
export function contrastRows(
  rows: tf.Tensor2D,
  attracted: tf.Tensor1D,
  weights: tf.Tensor1D,
  options: ContrastOptions
): tf.Scalar {
  if (rows.shape[0] < 2) return zeroLoss(rows)
  return withGradient([rows, attracted], (rows, attracted) => {
    const [costs, slope] = compared(rows, attracted, weights, options)
    return {
      value: tf.sum(tf.mul(weights, costs)),
      saved: [slope, weights],
      gradient: (dy, [slope, weights]) => [tf.mul(slope!, dy), tf.mul(weights!, tf.neg(dy))]
    }
  })
}

/**
 * What each of the rows that ask costs, `log Σ exp(zᵢ · zⱼ / t) − aᵢ`, `[asking]`: the parts of {@link contrastRows}.
 *
 * How much each row weighs is known on the way back only, where all are compared once more: it takes twice as long.
 */
export function contrastEachRow(rows: tf.Tensor2D, attracted: tf.Tensor1D, options: ContrastOptions): tf.Tensor1D {
  if (rows.shape[0] < 2) return zeroRows(rows)
  return withGradient([rows, attracted], (rows, attracted) => ({
    value: compared(rows, attracted, tf.onesLike(attracted), options)[0],
    saved: [rows, attracted],
    gradient: (dy, [rows, attracted]) => [
      compared(rows as tf.Tensor2D, attracted as tf.Tensor1D, dy, options)[1],
      tf.neg(dy)
    ]
  }))
}

/** What each row that asks costs, and how their weighed sum changes with all rows. */
const compared = (
  rows: tf.Tensor2D,
  attracted: tf.Tensor1D,
  weights: tf.Tensor1D,
  { temperature, chunk = Infinity }: ContrastOptions
): readonly [costs: tf.Tensor1D, slope: tf.Tensor] =>
  fusedOr(contrast, { rows, attracted, weights }, { temperature, chunk })
