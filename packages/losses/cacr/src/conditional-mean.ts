import { detached } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * The mean of each row of costs `[n, m]`, weighed by `softmax(temperature · cost)`: `[n]`. Above a temperature of 0
 * large costs weigh more, below it small ones, at 0 all weigh the same.
 *
 * No gradient passes through the weights when they see the costs as a {@link constant}.
 */
export const conditionalMean = (costs: tf.Tensor2D, temperature: number, seen: tf.Tensor2D = costs): tf.Tensor1D =>
  tf.sum(tf.mul(tf.softmax(tf.mul(seen, temperature)), costs), 1)

/** The same numbers, and no gradient. */
export const constant = <T extends tf.Tensor>(tensor: T): T => detached(() => tf.clone(tensor))
