import type { Loss } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparing } from './comparing.ts'

/**
 * The hint of FitNets: the mean squared difference of a student's features and a teacher's.
 *
 * Takes features of one shape; the student's regressor is its head. Returns a number of 0 or more.
 *
 * @throws Error for features of different shapes
 * @see Romero et al. 2015, eq. 3, https://arxiv.org/abs/1412.6550
 */
export function hint(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  checkSameShape('fitNet', student, teacher)
  return tf.mean(tf.squaredDifference(student, teacher))
}

/** {@link hint} for a recipe. Usual weight: 100. */
export const fitNet = (): Loss => comparing('fitNet', hint)
