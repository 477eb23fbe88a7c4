import {
  checkOptions,
  reduced,
  reductionKind,
  type LossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparingRows, meanOfEach } from './comparing.ts'

/** How what the examples cost becomes the loss. */
export type HintOptions<R extends Reduction = 'mean' | 'sum'> = ReductionOptions<R>

/**
 * The hint of FitNets: the mean squared difference of a student's features and a teacher's.
 *
 * Takes features of one shape; the student's regressor is its head. Returns a number of 0 or more,
 * averaged over the examples, `[batch]`.
 *
 * @throws Error for features of different shapes
 * @see Romero et al. 2015, eq. 3, https://arxiv.org/abs/1412.6550
 */
export function hint<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: HintOptions<R> = {}
): Reduced<R> {
  checkOptions('hint', options, { reduction: reductionKind })
  return reduced(misses(student, teacher), options.reduction ?? ('mean' as R))
}

/** {@link hint} for a recipe. Usual weight: 100. Rows are `[views · batch]`, view after view. */
export function fitNet<R extends Reduction = 'mean'>(options: HintOptions<R> = {}): LossOf<R> {
  checkOptions('fitNet', options, { reduction: reductionKind })
  return comparingRows('fitNet', options.reduction ?? ('mean' as R), misses)
}

/** The mean squared difference of each example, `[batch]`. */
function misses(student: tf.Tensor, teacher: tf.Tensor): tf.Tensor1D {
  checkSameShape('fitNet', student, teacher)
  return meanOfEach(tf.squaredDifference(student, teacher))
}
