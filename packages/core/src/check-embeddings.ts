import * as tf from '@tensorflow/tfjs-core'
import { shown } from './shown.ts'

/**
 * Insists on tensors, before anything else about them is looked at.
 *
 * @throws TypeError for what is no list of them, or where one is none or was disposed
 */
export function checkTensors(who: string, tensors: readonly tf.Tensor[]): void {
  const isList = Array.isArray(tensors)
  for (const one of isList ? tensors : [tensors]) {
    if (!isList || !((one as unknown) instanceof tf.Tensor) || one.isDisposed)
      throw new TypeError(`${who}: expected ${isList ? '' : 'a list of '}tensors, none disposed, got ${shown(one)}.`)
  }
}

/**
 * Insists on embeddings that a loss can compare, by shape and type alone: every loss asks this before it computes
 * anything.
 *
 * @throws TypeError unless they are a list of tensors
 * @throws Error unless there is one view or more, each of floats with a row for each example, and one example or more
 */
export function checkEmbeddings(who: string, views: readonly tf.Tensor[]): void {
  checkTensors(who, views)
  const [first] = views
  if (first === undefined)
    throw new Error(`${who}: expected one view or more of each example, got none. Give it [first, second].`)
  for (const { rank, shape, dtype } of views) {
    if (rank < 2) {
      throw new Error(
        `${who}: expected embeddings [batch, ...], a row of numbers for each example, got [${shape.join(', ')}]. ` +
          'Let the head give a row, also of one number.'
      )
    }
    if (shape[0] !== first.shape[0]) {
      const rows = views.map(view => view.shape[0])
      throw new Error(
        `${who}: expected views of the same examples, got ${rows.join(' and ')} rows. ` +
          'Row i of every view must show example i.'
      )
    }
    if (dtype !== 'float32') {
      throw new Error(
        `${who}: expected embeddings of float32, which have gradients, got ${dtype}. ` +
          "Make them floats: tf.cast(view, 'float32')."
      )
    }
  }
  if (first.shape[0] === 0)
    throw new Error(`${who}: expected a batch of one example or more, got none. Leave empty batches out.`)
}

/**
 * Insists on a class for each of so many examples.
 *
 * @throws TypeError unless they are a tensor
 * @throws Error unless they are int32 of shape `[rows]`
 */
export function checkClasses(who: string, labels: tf.Tensor, rows: number): void {
  checkTensors(who, [labels])
  if (labels.dtype === 'int32' && labels.rank === 1 && labels.shape[0] === rows) return
  throw new Error(
    `${who}: expected int32 labels of shape [${rows}], one for each example, ` +
      `got ${labels.dtype} of shape [${labels.shape.join(', ')}]. ` +
      (labels.rank > 1 && labels.size === rows
        ? `Lay them flat: tf.reshape(labels, [${rows}]).`
        : labels.shape[0] === rows || labels.size === rows
          ? "Make them with tf.tensor1d(labels, 'int32')."
          : 'Take images and labels from the same batch.')
  )
}
