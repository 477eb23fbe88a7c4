import { checkOptions, type Loss, type OptionKinds } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { attention, checkPower } from './attention.ts'
import { comparing } from './comparing.ts'
import { sameSize } from './maps.ts'

export interface AttentionOptions {
  /** The power to which activations are raised before their mean over channels; an odd one keeps their sign. */
  readonly power?: number | undefined
}

const kinds: OptionKinds<AttentionOptions> = { power: 'number' }

/**
 * Attention transfer: the mean squared difference of where student and teacher look, maps of activation scaled to
 * length one.
 *
 * Takes maps `[batch, height, width, channels]` of any channels; the larger is pooled to the smaller. Returns a number
 * from 0.
 *
 * @throws RangeError if `power` is not a whole number above 0
 * @throws Error unless both are maps of the same examples
 * @see Zagoruyko & Komodakis 2017, eq. 2, https://arxiv.org/abs/1612.03928
 */
export function attentionTransfer(student: tf.Tensor, teacher: tf.Tensor, options: AttentionOptions = {}): tf.Scalar {
  checkOptions('attentionTransfer', options, kinds)
  const { power = 2 } = options
  checkPower('at', power)
  const [s, t] = sameSize('at', student, teacher)
  return tf.mean(tf.squaredDifference(attention(s, power), attention(t, power)))
}

/** {@link attentionTransfer} for a recipe. Usual weight: 1000. */
export function at(options: AttentionOptions = {}): Loss {
  checkOptions('at', options, kinds)
  checkPower('at', options.power ?? 2)
  return comparing('at', (student, teacher) => attentionTransfer(student, teacher, options))
}
