import {
  checkOptions,
  reduced,
  reductionKind,
  type ViewLossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import {
  checkTemperature,
  checkViews,
  contrastEachRow,
  contrastRows,
  normaliseRows,
  zeroRows
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface NTXentOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the cosine similarities. SimCLR uses 0.5 on CIFAR-10 and 0.1 on ImageNet. */
  readonly temperature?: number | undefined
  /**
   * Compares so many rows at a time with all others: memory grows with `chunk · V · batch` instead of `(V · batch)²`.
   * Left out, all are compared at once. The wasm backend has tiles of its own and holds at most 10 MB of similarities.
   */
  readonly chunk?: number | undefined
  /** Scales rows to length one. Rows that come in scaled may save it. */
  readonly normalise?: boolean | undefined
}

/**
 * NT-Xent, the loss of SimCLR: each row should find the other views of its example among the rows of all views.
 *
 * Takes `V ≥ 2` views `[batch, dim]` of any length; rows are scaled to length one here. With `z` the unit rows, `t` the
 * temperature and `v ≠ w` running over the ordered pairs of views, it is the mean over `v`, `w` and the examples `i` of
 *
 *     −log( exp(z[v,i] · z[w,i] / t) / Σ exp(z[v,i] · z[u,k] / t) )      sum over all (u, k) other than (v, i)
 *
 * which for two views is the paper's equation to the letter: with more, a row's other positives stay in its
 * denominator. Returns nats: near 0 at best for two views, `log(V · batch − 1)` when all embeddings are equal. The
 * gradient is in closed form, made on the way, and nothing else stays; see {@link contrastRows}. A batch of one example
 * with two views has nothing to compare and costs exactly 0. Rows are `[V · batch]`, view after view; `none` takes
 * twice as long.
 *
 * @throws RangeError if `temperature` is not above 0, or `chunk` is not a whole number above 0
 * @throws Error for fewer than two views, or views of different shapes
 * @see Chen et al. 2020, eq. 1, https://arxiv.org/abs/2002.05709
 */
export function ntXent<R extends Reduction = 'mean'>(options: NTXentOptions<R> = {}): ViewLossOf<R> {
  checkOptions('ntXent', options, {
    temperature: 'number',
    chunk: 'number',
    normalise: 'boolean',
    reduction: reductionKind
  })
  const { temperature = 0.5, chunk, normalise = true, reduction = 'mean' as R } = options
  checkTemperature('ntXent', temperature)
  if (chunk !== undefined && (!Number.isInteger(chunk) || chunk < 1)) {
    throw new RangeError(`ntXent: expected a chunk of 1 or more rows, got ${chunk}. Try 256, or leave it out.`)
  }
  return embeddings => {
    checkViews('ntXent', embeddings)
    const rows = tf.concat2d([...embeddings], 0)
    const n = rows.shape[0]
    if (n === 2) return reduced(zeroRows(rows), reduction)
    const z = normalise ? normaliseRows(rows) : rows
    const positive = tf.div(tf.sum(tf.mul(z, positives(z, embeddings.length)), 1), temperature) as tf.Tensor1D // [n]
    if (reduction === 'none') return contrastEachRow(z, positive, { temperature, chunk }) as Reduced<R>
    const weights: tf.Tensor1D = tf.fill([n], reduction === 'sum' ? 1 : 1 / n)
    return contrastRows(z, positive, weights, { temperature, chunk }) as Reduced<R>
  }
}

/** For each row, the mean of the other views of its example. */
function positives(z: tf.Tensor2D, views: number): tf.Tensor2D {
  const dim = z.shape[1]
  const byView = tf.reshape(z, [views, -1, dim])
  return tf.reshape(tf.div(tf.sub(tf.sum(byView, 0, true), byView), views - 1), [-1, dim])
}
