import { withGradient, type Loss } from '@lapstrake/core'
import { checkTemperature, checkViews, normaliseRows, softmaxRows, transposedTimes } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface NTXentOptions {
  /** Divides the cosine similarities. SimCLR uses 0.5 on CIFAR-10 and 0.1 on ImageNet. */
  readonly temperature?: number
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
 * closed form and keeps one matrix `[V · batch, V · batch]` from the forward pass.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error for fewer than two views, views of different shapes, or a batch of one
 * @see Chen et al. 2020, eq. 1, https://arxiv.org/abs/2002.05709
 */
export function ntXent({ temperature = 0.5 }: NTXentOptions = {}): Loss {
  checkTemperature('ntXent', temperature)
  return embeddings => {
    checkViews('ntXent', embeddings)
    return contrast(normaliseRows(tf.concat2d([...embeddings], 0)), embeddings.length, temperature)
  }
}

/** The loss of unit rows, view after view. */
function contrast(rows: tf.Tensor2D, views: number, temperature: number): tf.Scalar {
  const n = rows.shape[0]
  return withGradient([rows], z => {
    const similarity = tf.matMul(tf.div(z, temperature), tf.transpose(z)) // [n, n]
    const notItself = tf.oneHot(tf.range(0, n, 1, 'int32'), n, -1e9, 0)
    const { probability, logTotal } = softmaxRows(tf.add(similarity, notItself))
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

/** For each row, the mean of the other views of its example. */
function positives(z: tf.Tensor2D, views: number): tf.Tensor2D {
  const dim = z.shape[1]
  const byView = tf.reshape(z, [views, -1, dim])
  return tf.reshape(tf.div(tf.sub(tf.sum(byView, 0, true), byView), views - 1), [-1, dim])
}
