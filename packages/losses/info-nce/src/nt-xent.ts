import { own, withGradient, type Loss } from '@lapstrake/core'
import { checkTemperature, checkViews, normaliseRows, softmaxRows, transposedTimes, zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface NTXentOptions {
  /** Divides the cosine similarities. SimCLR uses 0.5 on CIFAR-10 and 0.1 on ImageNet. */
  readonly temperature?: number
  /**
   * Compares so many rows at a time with all others, and makes the gradient on the way: memory grows with `chunk · V · batch`
   * instead of `(V · batch)²`. Left out, all are compared at once.
   */
  readonly chunk?: number
  /** Scales rows to length one. Rows that come in scaled may save it. */
  readonly normalise?: boolean
}

/**
 * NT-Xent, the loss of SimCLR: each row should find the other views of its example among the rows of all views.
 *
 * Takes `V ≥ 2` views `[batch, dim]` of any length; rows are scaled to length one here. With `z` the unit rows, `t` the
 * temperature and `v ≠ w` running over the ordered pairs of views, it is the mean over `v`, `w` and the examples `i` of
 *
 *     −log( exp(z[v,i] · z[w,i] / t) / Σ exp(z[v,i] · z[u,k] / t) )      sum over all (u, k) other than (v, i)
 *
 * which for two views is the paper's equation to the letter: with more, a row's other positives stay in its denominator.
 * Returns nats: near 0 at best for two views, `log(V · batch − 1)` when all embeddings are equal. The gradient is in
 * closed form and keeps one matrix `[V · batch, V · batch]` from the forward pass, or with `chunk` none. A batch of one example
 * with two views has nothing to compare and costs exactly 0.
 *
 * @throws RangeError if `temperature` is not above 0, or `chunk` is not a whole number above 0
 * @throws Error for fewer than two views, or views of different shapes
 * @see Chen et al. 2020, eq. 1, https://arxiv.org/abs/2002.05709
 */
export function ntXent({ temperature = 0.5, chunk, normalise = true }: NTXentOptions = {}): Loss {
  checkTemperature('ntXent', temperature)
  if (chunk !== undefined && (!Number.isInteger(chunk) || chunk < 1)) {
    throw new RangeError(`ntXent: expected a chunk of 1 or more rows, got ${chunk}. Try 256, or leave it out.`)
  }
  return embeddings => {
    checkViews('ntXent', embeddings)
    const rows = tf.concat2d([...embeddings], 0)
    if (rows.shape[0] === 2) return zeroLoss(rows)
    const unit = normalise ? normaliseRows(rows) : rows
    return chunk === undefined ? contrast(unit, embeddings.length, temperature) : contrastInTiles(unit, embeddings.length, temperature, chunk)
  }
}

/** The loss of unit rows, view after view. */
function contrast(rows: tf.Tensor2D, views: number, temperature: number): tf.Scalar {
  const n = rows.shape[0]
  return withGradient([rows], z => {
    const similarity = tf.matMul(tf.div(z, temperature), tf.transpose(z)) // [n, n]
    const notItself = tf.oneHot(tf.range(0, n, 1, 'int32'), n, -1e9, 0)
    const { probability, logTotal } = softmaxRows(tf.add(similarity, notItself) as tf.Tensor2D)
    const positive = tf.div(tf.sum(tf.mul(z, positives(z, views)), 1, true), temperature) // [n, 1]
    return {
      value: tf.mean(tf.sub(logTotal, positive)) as tf.Scalar,
      saved: [z, probability],
      gradient(dy, saved) {
        const [z, probability] = saved as [tf.Tensor2D, tf.Tensor2D]
        // Every similarity stands in two rows: once the row is the anchor, once the candidate.
        const repelled = tf.add(tf.matMul(probability, z), transposedTimes(probability, z))
        const attracted = tf.mul(positives(z, views), 2)
        return [tf.mul(tf.sub(repelled, attracted), tf.div(dy, n * temperature))]
      }
    }
  })
}

/** The same from tiles `[chunk, n]`: the forward pass makes value and gradient together, and only the gradient stays. */
function contrastInTiles(rows: tf.Tensor2D, views: number, temperature: number, chunk: number): tf.Scalar {
  const [n, dim] = rows.shape
  return withGradient([rows], z => {
    const answers = tf.transpose(z)
    const asked: tf.Tensor2D[] = []
    const totals: tf.Scalar[] = []
    let answered: tf.Tensor2D = tf.zeros([n, dim])
    for (let start = 0; start < n; start += chunk) {
      const count = Math.min(chunk, n - start)
      const tile = own(() => {
        const anchors = tf.slice2d(z, [start, 0], [count, dim])
        const notItself = tf.oneHot(tf.range(start, start + count, 1, 'int32'), n, -1e9, 0)
        const similarity = tf.matMul(tf.div(anchors, temperature), answers) // [count, n]
        const { probability, logTotal } = softmaxRows(tf.add(similarity, notItself))
        return {
          total: tf.sum(logTotal) as tf.Scalar,
          asked: tf.matMul(probability, z) as tf.Tensor2D, // [count, dim]
          answered: tf.add(answered, transposedTimes(probability, anchors)) as tf.Tensor2D // [n, dim]
        }
      })
      totals.push(tile.total)
      asked.push(tile.asked)
      answered.dispose()
      answered = tile.answered
    }
    const positive = positives(z, views)
    const attraction = tf.div(tf.sum(tf.mul(z, positive)), temperature)
    const slope = tf.div(tf.sub(tf.add(tf.concat2d(asked, 0), answered), tf.mul(positive, 2)), n * temperature)
    return {
      value: tf.div(tf.sub(tf.addN(totals), attraction), n) as tf.Scalar,
      saved: [slope],
      gradient: (dy, [slope]) => [tf.mul(slope!, dy)]
    }
  })
}

/** For each row, the mean of the other views of its example. */
function positives(z: tf.Tensor2D, views: number): tf.Tensor2D {
  const dim = z.shape[1]
  const byView = tf.reshape(z, [views, -1, dim])
  return tf.reshape(tf.div(tf.sub(tf.sum(byView, 0, true), byView), views - 1), [-1, dim])
}
