import { checkClasses, checkEmbeddings, MissingLabels, withGradient, type Loss } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Softmax cross-entropy: the head's embeddings are logits `[batch, classes]`, to be told apart by `batch.labels`.
 *
 * Returns nats, averaged over views and labelled examples: near 0 at best, about `log(classes)` at chance. An example
 * whose label lies outside `[0, classes)`, such as −1 for unlabelled, counts for nothing, in the value and in the
 * gradient; labels are not read back to be checked. The gradient is in closed form and keeps one `[batch, classes]`
 * matrix for each view.
 *
 * @throws MissingLabels if the batch has none
 * @throws Error unless labels are int32 `[batch]` and logits floats `[batch, classes]`, for two classes or more and one
 * example or more
 */
export const crossEntropy =
  (): Loss =>
  (logits, { labels }) => {
    if (labels === undefined) {
      throw new MissingLabels(
        'crossEntropy: expected labels in the batch, got none. ' +
          'Load the data with its labels, or choose a self-supervised loss.'
      )
    }
    checkEmbeddings('crossEntropy', logits)
    const [rows, classes] = logits[0].shape
    checkClasses('crossEntropy', labels, rows)
    for (const { rank, shape } of logits as readonly tf.Tensor[]) {
      if (rank !== 2 || shape[1] !== classes || classes < 2) {
        throw new Error(
          `crossEntropy: expected logits [batch, classes] for two or more classes, got [${shape.join(', ')}]. ` +
            'Give the head one output for each class.'
        )
      }
    }
    const wanted = tf.cast(tf.oneHot(labels, classes), 'float32') as tf.Tensor2D // a row of zeros without a label
    return tf.mean(tf.stack(logits.map(view => misfit(view, wanted)))) as tf.Scalar
  }

/** The mean cross-entropy of the labelled rows of one view. */
const misfit = (logits: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar =>
  withGradient([logits], logits => {
    const logProbability = tf.logSoftmax(logits)
    const labelled = tf.sum(wanted, 1, true) // [batch, 1], 1 or 0
    const count = tf.maximum(tf.sum(labelled), 1)
    return {
      value: tf.neg(tf.div(tf.sum(tf.mul(wanted, logProbability)), count)) as tf.Scalar,
      saved: [tf.div(tf.sub(tf.mul(tf.exp(logProbability), labelled), wanted), count)],
      gradient: (dy, [slope]) => [tf.mul(slope!, dy)]
    }
  })
