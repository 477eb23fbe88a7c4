import {
  checkOptions,
  reduced,
  reductionKind,
  type LossOf,
  type OptionKinds,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { attention, checkPower } from './attention.ts'
import { comparingRows, meanOfEach } from './comparing.ts'
import { sameSize } from './maps.ts'

export interface AttentionOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** The power to which activations are raised before their mean over channels; an odd one keeps their sign. */
  readonly power?: number | undefined
}

const kinds: OptionKinds<AttentionOptions> = { power: 'number', reduction: reductionKind }

/**
 * Attention transfer: the mean squared difference of where student and teacher look, maps of activation scaled to
 * length one.
 *
 * Takes maps `[batch, height, width, channels]` of any channels; the larger is pooled to the smaller. Returns a number
 * from 0, averaged over the examples, `[batch]`.
 *
 * @throws RangeError if `power` is not a whole number from 1 to 64
 * @throws Error unless both are maps of the same examples
 * @see Zagoruyko & Komodakis 2017, eq. 2, https://arxiv.org/abs/1612.03928
 */
export function attentionTransfer<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: AttentionOptions<R> = {}
): Reduced<R> {
  checkOptions('attentionTransfer', options, kinds)
  const { power = 2, reduction = 'mean' as R } = options
  checkPower('attentionTransfer', power)
  return reduced(misses(student, teacher, power), reduction)
}

/** {@link attentionTransfer} for a recipe. Usual weight: 1000. Rows are `[views · batch]`, view after view. */
export function at<R extends Reduction = 'mean'>(options: AttentionOptions<R> = {}): LossOf<R> {
  checkOptions('at', options, kinds)
  const { power = 2, reduction = 'mean' as R } = options
  checkPower('at', power)
  return comparingRows('at', reduction, (student, teacher) => misses(student, teacher, power))
}

/** The mean squared difference of each example, `[batch]`. */
function misses(student: tf.Tensor, teacher: tf.Tensor, power: number): tf.Tensor1D {
  const [s, t] = sameSize('at', student, teacher)
  return meanOfEach(tf.squaredDifference(attention(s, power), attention(t, power)))
}
