import { checkOptions, detached, type Loss, type OptionKinds } from '@lapstrake/core'
import { checkPositive } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparing } from './comparing.ts'

export interface ABOptions {
  /** How far beyond the boundary the student should be. */
  readonly margin?: number | undefined
}

const kinds: OptionKinds<ABOptions> = { margin: 'number' }

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
  options: ABOptions = {}
): tf.Scalar {
  checkOptions('activationBoundary', options, kinds)
  const { margin = 1 } = options
  checkPositive('ab', 'margin', margin, 'Try 1.')
  if (students.length !== teachers.length || students.length === 0) {
    throw new Error(
      `ab: expected as many layers of the student as of the teacher, got ${students.length} and ${teachers.length}.`
    )
  }
  students.forEach((student, layer) => checkSameShape('ab', student, teachers[layer]!))
  return tf.addN(
    students.map((student, layer) => {
      const fires = detached(() => tf.greater(teachers[layer]!, 0))
      // How far it is from where the teacher has it, ReLUs of which have no slope beyond the margin.
      const short = tf.where(fires, tf.relu(tf.sub(margin, student)), tf.relu(tf.add(student, margin)))
      const weight = ((3 / 1000) * 2 ** (layer - students.length + 1)) / student.shape[0]!
      return tf.mul(tf.sum(tf.square(short)), weight) as tf.Scalar
    })
  )
}

/**
 * {@link activationBoundary} of one layer, for a recipe whose head gives activations before a ReLU. Usual weight: 1, in
 * a first phase of its own.
 */
export function ab(options: ABOptions = {}): Loss {
  checkOptions('ab', options, kinds)
  checkPositive('ab', 'margin', options.margin ?? 1, 'Try 1.')
  return comparing('ab', (student, teacher) => activationBoundary([student], [teacher], options))
}
