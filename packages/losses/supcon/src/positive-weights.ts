import * as tf from '@tensorflow/tfjs-core'
import type { Alike } from './sup-con.ts'

/**
 * How much each row is a positive of each anchor, `[anchors, views · batch]`, rows view after view; never a row of itself.
 *
 * @throws Error for labels and a mask together, either of the wrong form, or one view and neither
 */
export function positiveWeights({ labels, mask }: Alike, batch: number, views: number, anchors: number): tf.Tensor2D {
  if (labels !== undefined && mask !== undefined) {
    throw new Error('supCon: expected labels or a mask, got both. Leave out the labels: the mask says which examples are alike.')
  }
  if (labels === undefined && mask === undefined && views < 2) {
    throw new Error('supCon: expected two or more views of each example, or labels or a mask that say which are alike, got one view alone.')
  }
  const alike = labels ? sameClass(labels, batch) : mask ? checkedMask(mask, batch) : tf.eye(batch)
  const others = tf.mul(alike, tf.sub(1, tf.eye(batch)))
  const between = (anchorView: number): tf.Tensor =>
    tf.concat(Array.from({ length: views }, (_, view) => (view === anchorView ? others : alike)), 1) // [batch, views · batch]
  return tf.concat(Array.from({ length: anchors / batch }, (_, view) => between(view)), 0) as tf.Tensor2D
}

function sameClass(labels: tf.Tensor1D, batch: number): tf.Tensor2D {
  if (labels.dtype !== 'int32' || labels.rank !== 1 || labels.shape[0] !== batch) {
    throw new Error(
      `supCon: expected int32 labels of shape [${batch}], one for each example, got ${labels.dtype} of shape [${labels.shape.join(', ')}]. ` +
      'Make them with tf.tensor1d(labels, \'int32\').')
  }
  const equal = tf.cast(tf.equal(tf.reshape(labels, [batch, 1]), tf.reshape(labels, [1, batch])), 'float32')
  const labelled = tf.cast(tf.greaterEqual(labels, tf.scalar(0, 'int32')), 'float32')
  return tf.maximum(tf.mul(equal, labelled), tf.eye(batch)) // an unlabelled example is like itself alone
}

function checkedMask(mask: tf.Tensor2D, batch: number): tf.Tensor2D {
  if (mask.rank !== 2 || mask.shape[0] !== batch || mask.shape[1] !== batch) {
    throw new Error(`supCon: expected a mask of shape [${batch}, ${batch}], a row and a column for each example, got [${mask.shape.join(', ')}].`)
  }
  return tf.cast(mask, 'float32')
}
