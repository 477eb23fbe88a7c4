import { checkClasses, checkTensors, withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** Which examples are alike: by class, or by a matrix. With neither, an example is like itself alone, as in SimCLR. */
export interface Alike {
  /** The class of each example, `[batch]`, int32; below 0 where it is unknown: such an example is like itself alone. */
  readonly labels?: tf.Tensor | undefined
  /** How much example `j` is a positive of example `i`, `[batch, batch]`, 0 or more: several labels, soft labels. */
  readonly similarity?: tf.Tensor2D | undefined
}

/** @throws Error for labels and a similarity together, either of the wrong form, or one view and neither */
export function checkAlike({ labels, similarity }: Alike, batch: number, views: number): void {
  if (labels !== undefined && similarity !== undefined) {
    throw new Error(
      'supCon: expected labels or a similarity, got both. Leave out the labels: ' +
        'the similarity says which examples are alike.'
    )
  }
  if (labels === undefined && similarity === undefined && views < 2) {
    throw new Error(
      'supCon: expected two or more views of each example, or labels or a similarity that say which are alike, ' +
        'got one view alone.'
    )
  }
  if (labels !== undefined) checkClasses('supCon', labels, batch)
  if (similarity !== undefined) checkTensors('supCon', [similarity])
  if (
    similarity !== undefined &&
    (similarity.rank !== 2 || similarity.shape[0] !== batch || similarity.shape[1] !== batch)
  ) {
    throw new Error(
      `supCon: expected a similarity of shape [${batch}, ${batch}], a row and a column for each example, ` +
        `got [${similarity.shape.join(', ')}].`
    )
  }
}

/**
 * How much each row is a positive of each anchor, `[anchors, views · batch]`, rows view after view; never a row of
 * itself.
 */
export function positiveWeights(alike: Alike, batch: number, views: number, anchors: number): tf.Tensor2D {
  const weights = alikeMatrix(alike, batch)
  const others = tf.mul(weights, tf.sub(1, tf.eye(batch)))
  const between = (anchorView: number): tf.Tensor =>
    tf.concat(
      Array.from({ length: views }, (_, view) => (view === anchorView ? others : weights)),
      1
    ) // [batch, views · batch]
  return tf.concat(
    Array.from({ length: anchors / batch }, (_, view) => between(view)),
    0
  ) as tf.Tensor2D
}

/** For each example, the weighted sum of the rows of examples like it; rows are `[batch, dim]`. */
export function sumsOfAlike({ labels, similarity }: Alike, rows: tf.Tensor2D): tf.Tensor2D {
  if (similarity !== undefined) return tf.matMul(tf.cast(similarity, 'float32'), rows)
  if (labels === undefined) return rows
  // Being of one class is mutual: gradients are summed as rows are.
  const sums = (rows: tf.Tensor, labels: tf.Tensor): tf.Tensor2D => tf.matMul(sameClass(labels), rows as tf.Tensor2D)
  return withGradient([rows], rows => ({
    value: sums(rows, labels),
    saved: [labels],
    gradient: (dy, [labels]) => [sums(dy, labels!)]
  }))
}

/** How much each example is a positive of itself in another view, `[batch, 1]`. */
export const likenessToItself = ({ similarity }: Alike, batch: number): tf.Tensor2D =>
  similarity === undefined
    ? tf.ones([batch, 1])
    : tf.sum(tf.mul(tf.cast(similarity, 'float32'), tf.eye(batch)), 1, true)

/** Whether an example is not like all others, bool, `[batch]`. */
export function hasUnlike(alike: Alike, batch: number): tf.Tensor1D {
  const unlike = tf.mul(tf.cast(tf.lessEqual(alikeMatrix(alike, batch), 0), 'float32'), tf.sub(1, tf.eye(batch)))
  return tf.greater(tf.max(unlike, 1), 0)
}

/** How much example `j` is a positive of example `i`, `[batch, batch]`. */
const alikeMatrix = ({ labels, similarity }: Alike, batch: number): tf.Tensor2D =>
  labels ? sameClass(labels) : similarity ? tf.cast(similarity, 'float32') : tf.eye(batch)

/** An unlabelled example is like itself alone. */
const sameClass = (labels: tf.Tensor): tf.Tensor2D => tf.maximum(ofClass(labels, labels), tf.eye(labels.size))

/** Whether examples are known to be of the classes of others, 1 or 0, `[labels, others]`. */
export function ofClass(labels: tf.Tensor, others: tf.Tensor): tf.Tensor2D {
  const [rows, columns] = [tf.reshape(labels, [labels.size, 1]), tf.reshape(others, [1, others.size])]
  const labelled = tf.cast(tf.greaterEqual(columns, tf.scalar(0, 'int32')), 'float32')
  return tf.mul(tf.cast(tf.equal(rows, columns), 'float32'), labelled)
}
