import { normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { inRange } from './in-range.ts'

/**
 * How active each place of a map is, `[batch, height · width]`: the mean over channels of a power, scaled to length
 * one.
 */
export function attention(maps: tf.Tensor4D, power: number): tf.Tensor2D {
  const known = inRange(maps, { least: 1e-10 ** (1 / power), most: 1e30 ** (1 / power), axes: [1, 2, 3] })
  // Repeated products: a power of a negative number is undefined on a GPU.
  const raised = Array.from({ length: power - 1 }).reduce<tf.Tensor4D>(product => tf.mul(product, known), known)
  return normaliseRows(tf.reshape(tf.mean(raised, 3), [maps.shape[0], -1]) as tf.Tensor2D)
}

/** @throws RangeError unless a power is a whole number from 1 to 64 */
export function checkPower(who: string, power: number): void {
  if (!Number.isInteger(power) || power < 1 || power > 64)
    throw new RangeError(`${who}: expected a power that is a whole number from 1 to 64, got ${power}. Try 2.`)
}
