import { normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

/**
 * How active each place of a map is, `[batch, height · width]`: the mean over channels of a power, scaled to length
 * one.
 */
export function attention(maps: tf.Tensor4D, power: number): tf.Tensor2D {
  // Repeated products: a power of a negative number is undefined on a GPU.
  const raised = Array.from({ length: power - 1 }).reduce<tf.Tensor4D>(product => tf.mul(product, maps), maps)
  return normaliseRows(tf.reshape(tf.mean(raised, 3), [maps.shape[0], -1]) as tf.Tensor2D)
}

/** @throws RangeError unless a power is a whole number above 0 */
export function checkPower(who: string, power: number): void {
  if (!Number.isInteger(power) || power < 1)
    throw new RangeError(`${who}: expected a power that is a whole number above 0, got ${power}. Try 2.`)
}
