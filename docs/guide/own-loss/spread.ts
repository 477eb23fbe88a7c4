import * as tf from '@tensorflow/tfjs-core'
import { checkEmbeddings, type StatefulLoss } from '@lapstrake/core'

export interface SpreadOptions {
  /** How much of the old centre stays. */
  readonly momentum?: number
}

/**
 * Pushes the embeddings of a batch away from the centre of all batches so far.
 *
 * Returns the negative mean distance from a moving average of the embeddings: 0 at worst.
 *
 * @throws RangeError if `momentum` is not from 0 to below 1
 */
export function spread({
  momentum = 0.9
}: SpreadOptions = {}): StatefulLoss<Record<string, never>, { readonly centre: tf.Tensor }> {
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`spread: expected a momentum from 0 to below 1, got ${momentum}. Try 0.9.`)
  return {
    init: (_, { embedding }) => ({ params: {}, memory: { centre: tf.zeros([...embedding]) } }),
    apply(embeddings, _, { memory: { centre } }) {
      checkEmbeddings('spread', embeddings)
      const rows = tf.concat([...embeddings], 0)
      // 1e-6: a root has no slope at 0.
      const distance = tf.sqrt(tf.add(tf.sum(tf.squaredDifference(rows, centre), 1), 1e-6))
      const next = tf.add(tf.mul(centre, momentum), tf.mul(tf.mean(rows, 0), 1 - momentum))
      return { loss: tf.neg(tf.mean(distance)), memory: { centre: next } }
    }
  }
}
