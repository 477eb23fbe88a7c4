import { withGradient, type Loss } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkTemperature, checkViews } from './check-views.ts'
import { normaliseRows } from './normalise-rows.ts'

export interface NTXentOptions {
  /** Divides the cosine similarities. SimCLR uses 0.5 on CIFAR-10 and 0.1 on ImageNet. */
  readonly temperature?: number
}

/**
 * NT-Xent, the loss of SimCLR: each row should find the other views of its example among the rows of all views.
 *
 * Takes two or more views `[batch, dim]` of any length; rows are scaled to length one here. With `V` views each row is
 * compared with the `V · batch - 1` others, and the `V - 1` positives of a row are averaged outside the logarithm; with two
 * views that is the paper's equation to the letter. Returns nats, averaged over all rows: `log(V · batch - 1)` when all
 * embeddings are equal. The gradient is in closed form and keeps one `[V · batch, V · batch]` matrix.
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
    const logits = tf.sub(tf.div(tf.matMul(z, z, false, true), temperature), tf.mul(tf.eye(n), 1e9)) // [n, n], without self
    const logTotal = tf.logSumExp(logits, 1, true) // [n, 1]
    const positive = tf.div(tf.sum(tf.mul(z, positives(z, views)), 1, true), temperature) // [n, 1]
    return {
      value: tf.mean(tf.sub(logTotal, positive)) as tf.Scalar,
      saved: [z, tf.exp(tf.sub(logits, logTotal))],
      gradient(dy, saved) {
        const [z, probability] = saved as [tf.Tensor2D, tf.Tensor2D]
        // Every similarity stands in two rows: once the row is the anchor, once the candidate.
        const attracted = tf.mul(positives(z, views), 2)
        const repelled = tf.add(tf.matMul(probability, z), tf.matMul(probability, z, true, false))
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
