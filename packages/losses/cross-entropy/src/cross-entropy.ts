import {
  checkClasses,
  checkEmbeddings,
  checkOptions,
  detached,
  MissingLabels,
  reduced,
  reductionKind,
  withGradient,
  type LossOf,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** How what the rows cost becomes the loss. */
export type CrossEntropyOptions<R extends Reduction = 'mean' | 'sum'> = ReductionOptions<R>

/**
 * Softmax cross-entropy: the head's embeddings are logits `[batch, classes]`, to be told apart by `batch.labels`.
 *
 * Returns nats, averaged over views and labelled examples: near 0 at best, about `log(classes)` at chance. An example
 * whose label lies outside `[0, classes)`, such as −1 for unlabelled, counts for nothing, in the value and in the
 * gradient; labels are not read back to be checked. Rows are `[views · batch]`, view after view, 0 without a label. The
 * gradient is in closed form and keeps one `[batch, classes]` matrix for each view.
 *
 * @throws MissingLabels if the batch has none
 * @throws Error unless labels are int32 `[batch]` and logits floats `[batch, classes]`, for two classes or more and one
 * example or more
 */
export function crossEntropy<R extends Reduction = 'mean'>(options: CrossEntropyOptions<R> = {}): LossOf<R> {
  checkOptions('crossEntropy', options, { reduction: reductionKind })
  const { reduction = 'mean' as R } = options
  return (logits, batch) => {
    const labels = batch?.labels
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
    const each = tf.concat1d(logits.map(view => misfit(view, wanted)))
    const labelled = detached(() => tf.maximum(tf.sum(wanted), 1))
    return reduced(each, reduction, tf.mul(labelled, logits.length))
  }
}

/** The cross-entropy of each row of one view, 0 without a label; `[batch]`. */
const misfit = (logits: tf.Tensor2D, wanted: tf.Tensor2D): tf.Tensor1D =>
  withGradient([logits], logits => {
    const logProbability = tf.logSoftmax(logits)
    const labelled = tf.sum(wanted, 1, true) // [batch, 1], 1 or 0
    return {
      value: tf.sub(0, tf.sum(tf.mul(wanted, logProbability), 1)) as tf.Tensor1D, // no zeros below zero
      saved: [tf.sub(tf.mul(tf.exp(logProbability), labelled), wanted)],
      gradient: (dy, [slope]) => [tf.mul(slope!, tf.expandDims(dy, 1))]
    }
  })
