import { detached, pairOf, type Views } from '@lapstrake/core'
import { leaveOut, normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

/** Two views as questions: what each row has in common with its other view, and with the other examples. */
export interface Pairs {
  /** `[2 · batch, 1]`, divided by the temperature. */
  readonly positive: tf.Tensor2D
  /** `[2 · batch, 2 · batch]`, divided by the temperature; left out where both rows show one example. */
  readonly negatives: tf.Tensor2D
  /** How many negatives each row has. */
  readonly count: number
}

/** @throws Error unless there are two views */
export function pairsOf(who: string, embeddings: Views<tf.Tensor2D>, temperature: number): Pairs {
  const pair = pairOf(who, embeddings)
  const [batch] = pair[0].shape
  const rows = normaliseRows(tf.concat2d([...pair], 0))
  const other = tf.concat2d([tf.slice(rows, batch, batch), tf.slice(rows, 0, batch)], 0)
  const sameExample = detached(() => tf.cast(tf.tile(tf.eye(batch), [2, 2]), 'bool'))
  return {
    positive: tf.div(tf.sum(tf.mul(rows, other), 1, true), temperature),
    negatives: leaveOut(tf.div(tf.matMul(rows, tf.transpose(rows)), temperature) as tf.Tensor2D, sameExample),
    count: 2 * batch - 2
  }
}
