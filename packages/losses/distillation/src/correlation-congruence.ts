import type { Loss } from '@lapstrake/core'
import { zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparing, flatRows } from './comparing.ts'

/**
 * Correlation congruence, as RepDistiller has it: where the student misses the teacher on one example and on the next.
 *
 * Takes rows `[batch, dim]` of one shape. With `Δ` the difference of student and teacher, returns the mean over
 * neighbours in the batch of `Σ |Δᵢ| |Δᵢ₊₁|`: it depends on the order of the batch, and is exactly 0 for a single
 * example. It has no `reduction`: neighbours have a cost, and no example one of its own.
 *
 * @throws Error for features of different shapes
 * @see Peng et al. 2019, https://arxiv.org/abs/1904.01802; this form from https://github.com/HobbitLong/RepDistiller
 */
export function correlationCongruence(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  checkSameShape('cc', student, teacher)
  const apart = tf.abs(tf.sub(flatRows(student), flatRows(teacher))) as tf.Tensor2D
  const [batch] = apart.shape
  if (batch < 2) return zeroLoss(apart)
  return tf.mean(tf.sum(tf.mul(tf.slice(apart, 0, batch - 1), tf.slice(apart, 1, batch - 1)), 1))
}

/** {@link correlationCongruence} for a recipe. Usual weight: 0.02. */
export const cc = (): Loss => comparing('cc', correlationCongruence)
