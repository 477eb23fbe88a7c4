import type { Loss } from '@lapstrake/core'
import { checkPositive } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparing } from './comparing.ts'

export interface ABOptions {
  /** How far beyond the boundary the student should be. */
  readonly margin?: number | undefined
}

/**
 * Activation boundaries: the student's neurons should fire where the teacher's do, by a margin; how strongly does not
 * matter.
 *
 * Takes activations before the ReLU, layer by layer from the bottom, each of one shape for both. The uppermost layer
 * counts once, each below half of the one above. Returns the sum over neurons, times 3 / 1000, averaged over the batch.
 *
 * @throws RangeError if `margin` is not above 0
 * @throws Error for different numbers of layers, or layers of different shapes
 * @see Heo et al. 2019, eq. 3, https://arxiv.org/abs/1811.03233; the weights as in RepDistiller
 */
export function activationBoundary(
  students: readonly tf.Tensor[],
  teachers: readonly tf.Tensor[],
  { margin = 1 }: ABOptions = {}
): tf.Scalar {
  checkPositive('ab', 'margin', margin, 'Try 1.')
  if (students.length !== teachers.length || students.length === 0) {
    throw new Error(
      `ab: expected as many layers of the student as of the teacher, got ${students.length} and ${teachers.length}.`
    )
  }
  return tf.addN(
    students.map((student, layer) => {
      const teacher = teachers[layer]!
      checkSameShape('ab', student, teacher)
      const wrongly = (missed: tf.Tensor, ought: tf.Tensor): tf.Tensor =>
        tf.cast(tf.logicalAnd(missed, ought), 'float32')
      const cost = tf.add(
        tf.mul(tf.square(tf.add(student, margin)), wrongly(tf.greater(student, -margin), tf.lessEqual(teacher, 0))),
        tf.mul(tf.square(tf.sub(student, margin)), wrongly(tf.lessEqual(student, margin), tf.greater(teacher, 0)))
      )
      return tf.mul(tf.sum(cost), ((3 / 1000) * 2 ** (layer - students.length + 1)) / student.shape[0]!) as tf.Scalar
    })
  )
}

/**
 * {@link activationBoundary} of one layer, for a recipe whose head gives activations before a ReLU. Usual weight: 1, in
 * a first phase of its own.
 */
export function ab(options: ABOptions = {}): Loss {
  checkPositive('ab', 'margin', options.margin ?? 1, 'Try 1.')
  return comparing('ab', (student, teacher) => activationBoundary([student], [teacher], options))
}
