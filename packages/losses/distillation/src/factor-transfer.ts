import { checkOptions, type Loss, type OptionKinds } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { attention, checkPower } from './attention.ts'
import { comparing } from './comparing.ts'
import { sameSize } from './maps.ts'

export interface FactorOptions {
  /** The power to which factors are raised before their mean over channels. */
  readonly power?: number | undefined
  /** The power of the difference: 1 for absolute values. */
  readonly difference?: number | undefined
}

const kinds: OptionKinds<FactorOptions> = { power: 'number', difference: 'number' }

/**
 * Factor transfer: the mean difference of a student's factors and a teacher's paraphrase, maps scaled to length one.
 *
 * Takes maps `[batch, height, width, channels]`: what a translator (the unit's head) and a paraphraser, trained before,
 * make. Returns a number of 0 or more.
 *
 * @throws RangeError if a power is not a whole number above 0
 * @throws Error unless both are maps of the same examples
 * @see Kim et al. 2018, eq. 3, https://arxiv.org/abs/1802.04977; the means over channels as in RepDistiller
 */
export function factorTransfer(student: tf.Tensor, teacher: tf.Tensor, options: FactorOptions = {}): tf.Scalar {
  checkOptions('factorTransfer', options, kinds)
  const { power = 2, difference = 1 } = options
  checkPower('ft', power)
  checkPower('ft', difference)
  const [s, t] = sameSize('ft', student, teacher)
  const apart = tf.sub(attention(s, power), attention(t, power))
  if (difference === 1) return tf.mean(tf.abs(apart))
  return tf.mean(Array.from({ length: difference - 1 }).reduce<tf.Tensor>(product => tf.mul(product, apart), apart))
}

/** {@link factorTransfer} for a recipe. Usual weight: 200. */
export function ft(options: FactorOptions = {}): Loss {
  checkOptions('ft', options, kinds)
  checkPower('ft', options.power ?? 2)
  checkPower('ft', options.difference ?? 1)
  return comparing('ft', (student, teacher) => factorTransfer(student, teacher, options))
}
