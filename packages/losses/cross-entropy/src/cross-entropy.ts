import { withGradient, type Loss } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Softmax cross-entropy: the head's embeddings are logits `[batch, classes]`, to be told apart by `batch.labels`.
 *
 * Averaged over examples and views. Returns nats: near 0 at best, about `log(classes)` at chance. Labels must lie in
 * [0, classes); one outside matches no class and pulls nothing up. The gradient is in closed form and keeps one matrix of logits.
 *
 * @throws Error if the batch has no labels, or fewer or more than rows
 */
export const crossEntropy = (): Loss => (logits, { labels }) => {
  if (labels === undefined) {
    throw new Error(
      'crossEntropy: expected labels in the batch, got none. Load data that has them, or choose a self-supervised loss.')
  }
  const [rows, classes] = logits[0].shape
  if (labels.shape[0] !== rows) {
    throw new Error(`crossEntropy: expected ${rows} labels, one for each example, got ${labels.shape[0]}.`)
  }
  const wanted = tf.cast(tf.oneHot(labels, classes), 'float32') as tf.Tensor2D
  return tf.mean(tf.stack(logits.map(view => misfit(view, wanted)))) as tf.Scalar
}

/** The mean cross-entropy of one view. */
function misfit(logits: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar {
  const rows = logits.shape[0]
  return withGradient([logits], logits => {
    const logProbability = tf.logSoftmax(logits)
    return {
      value: tf.neg(tf.div(tf.sum(tf.mul(logProbability, wanted)), rows)) as tf.Scalar,
      saved: [logProbability, wanted],
      gradient: (dy, [logProbability, wanted]) =>
        [tf.mul(tf.sub(tf.exp(logProbability!), wanted!), tf.div(dy, rows))]
    }
  })
}
