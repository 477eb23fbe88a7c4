import { fusedOr, own, withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { softmaxRows } from './softmax-rows.ts'
import { transposedTimes } from './transposed-times.ts'
import { zeroLoss } from './zero-loss.ts'

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
  { temperature, chunk = Infinity }: ContrastOptions
): tf.Scalar {
  if (rows.shape[0] < 2) return zeroLoss(rows)
  return withGradient([rows, attracted], (rows, attracted) => {
    const [value, slope] = fusedOr(
      'ContrastRows',
      { rows, attracted, weights },
      () => inTiles(rows, attracted, weights, temperature, chunk),
      { temperature }
    )
    return {
      value,
      saved: [slope, weights],
      gradient: (dy, [slope, weights]) => [tf.mul(slope!, dy), tf.mul(weights!, tf.neg(dy))]
    }
  })
}

/** The value, and its slope for the rows `z`. */
function inTiles(
  z: tf.Tensor2D,
  attracted: tf.Tensor1D,
  weights: tf.Tensor1D,
  temperature: number,
  chunk: number
): [value: tf.Scalar, slope: tf.Tensor] {
  const [n, dim] = z.shape
  const asking = weights.shape[0]
  const answers = tf.transpose(z)
  const asked: tf.Tensor2D[] = []
  const totals: tf.Scalar[] = []
  let answered: tf.Tensor2D = tf.zeros([n, dim])
  for (let start = 0; start < asking; start += chunk) {
    const count = Math.min(chunk, asking - start)
    const tile = own(() => {
      const anchors = tf.slice2d(z, [start, 0], [count, dim])
      const notItself = tf.oneHot(tf.range(start, start + count, 1, 'int32'), n, -1e9, 0)
      const similarity = tf.matMul(tf.div(anchors, temperature), answers) // [count, n]
      const { probability, logTotal } = softmaxRows(tf.add(similarity, notItself))
      const [attraction, weight] = [attracted, weights].map(numbers =>
        tf.reshape(tf.slice1d(numbers, start, count), [count, 1])
      ) as [tf.Tensor2D, tf.Tensor2D]
      return {
        total: tf.sum(tf.mul(weight, tf.sub(logTotal, attraction))) as tf.Scalar,
        // Every similarity stands in two rows: once the row is the anchor, once the candidate.
        asked: tf.mul(weight, tf.matMul(probability, z)) as tf.Tensor2D, // [count, dim]
        answered: tf.add(answered, transposedTimes(probability, tf.mul(weight, anchors))) as tf.Tensor2D // [n, dim]
      }
    })
    totals.push(tile.total)
    asked.push(tile.asked)
    answered.dispose()
    answered = tile.answered
  }
  const repelled = tf.add(
    tf.pad(tf.concat2d(asked, 0), [
      [0, n - asking],
      [0, 0]
    ]),
    answered
  )
  return [tf.addN(totals) as tf.Scalar, tf.div(repelled, temperature)]
}
