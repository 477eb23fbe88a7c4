import {
  checkOptions,
  checkTensors,
  detached,
  reduced,
  reductionKind,
  type LossOf,
  type OptionKinds,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkPositive } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparingRows, flatRows } from './comparing.ts'

export interface ABOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** How far beyond the boundary the student should be. */
  readonly margin?: number | undefined
}

const kinds: OptionKinds<ABOptions> = { margin: 'number', reduction: reductionKind }

/**
 * Activation boundaries: the student's neurons should fire where the teacher's do, by a margin; how strongly does not
 * matter.
 *
 * Takes activations before the ReLU, layer by layer from the bottom, each of one shape for both. The uppermost layer
 * counts once, each below half of the one above. Returns the sum over neurons, times 3 / 1000, averaged over the batch,
 * `[batch]`.
 *
 * @throws RangeError if `margin` is not above 0
 * @throws Error for different numbers of layers, or layers of different shapes
 * @see Heo et al. 2019, eq. 3, https://arxiv.org/abs/1811.03233; the weights as in RepDistiller
 */
export function activationBoundary<R extends Reduction = 'mean'>(
  students: readonly tf.Tensor[],
  teachers: readonly tf.Tensor[],
  options: ABOptions<R> = {}
): Reduced<R> {
  checkOptions('activationBoundary', options, kinds)
  const { margin = 1, reduction = 'mean' as R } = options
  checkPositive('activationBoundary', 'margin', margin, 'Try 1.')
  return reduced(misses(students, teachers, margin), reduction)
}

/**
 * {@link activationBoundary} of one layer, for a recipe whose head gives activations before a ReLU. Usual weight: 1, in
 * a first phase of its own. Rows are `[views · batch]`, view after view.
 */
export function ab<R extends Reduction = 'mean'>(options: ABOptions<R> = {}): LossOf<R> {
  checkOptions('ab', options, kinds)
  const { margin = 1, reduction = 'mean' as R } = options
  checkPositive('ab', 'margin', margin, 'Try 1.')
  return comparingRows('ab', reduction, (student, teacher) => misses([student], [teacher], margin))
}

/** Of each example, `[batch]`. */
function misses(students: readonly tf.Tensor[], teachers: readonly tf.Tensor[], margin: number): tf.Tensor1D {
  for (const layers of [students, teachers]) checkTensors('ab', layers)
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
      const weight = (3 / 1000) * 2 ** (layer - students.length + 1)
      return tf.mul(tf.sum(tf.square(flatRows(short)), 1), weight) as tf.Tensor1D
    })
  )
}
