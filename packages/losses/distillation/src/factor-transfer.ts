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

export interface FactorOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** The power to which factors are raised before their mean over channels. */
  readonly power?: number | undefined
  /** The power of the difference: 1 for absolute values. */
  readonly difference?: number | undefined
}

const kinds: OptionKinds<FactorOptions> = { power: 'number', difference: 'number', reduction: reductionKind }

/**
 * Factor transfer: the mean difference of a student's factors and a teacher's paraphrase, maps scaled to length one.
 *
 * Takes maps `[batch, height, width, channels]`: what a translator (the unit's head) and a paraphraser, trained before,
 * make. Returns a number of 0 or more, averaged over the examples, `[batch]`.
 *
 * @throws RangeError if a power is not a whole number from 1 to 64
 * @throws Error unless both are maps of the same examples
 * @see Kim et al. 2018, eq. 3, https://arxiv.org/abs/1802.04977; the means over channels as in RepDistiller
 */
export function factorTransfer<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: FactorOptions<R> = {}
): Reduced<R> {
  const { reduction, ...powers } = checked('factorTransfer', options)
  return reduced(misses(student, teacher, powers), reduction)
}

/** {@link factorTransfer} for a recipe. Usual weight: 200. Rows are `[views · batch]`, view after view. */
export function ft<R extends Reduction = 'mean'>(options: FactorOptions<R> = {}): LossOf<R> {
  const { reduction, ...powers } = checked('ft', options)
  return comparingRows('ft', reduction, (student, teacher) => misses(student, teacher, powers))
}

function checked<R extends Reduction>(
  who: string,
  options: FactorOptions<R>
): {
  readonly power: number
  readonly difference: number
  readonly reduction: R
} {
  checkOptions(who, options, kinds)
  const { power = 2, difference = 1, reduction = 'mean' as R } = options
  checkPower(who, power)
  checkPower(who, difference)
  return { power, difference, reduction }
}

/** The mean difference of each example, `[batch]`. */
function misses(
  student: tf.Tensor,
  teacher: tf.Tensor,
  { power, difference }: { readonly power: number; readonly difference: number }
): tf.Tensor1D {
  const [s, t] = sameSize('ft', student, teacher)
  const apart = tf.sub(attention(s, power), attention(t, power))
  if (difference === 1) return meanOfEach(tf.abs(apart))
  return meanOfEach(Array.from({ length: difference - 1 }).reduce<tf.Tensor>(product => tf.mul(product, apart), apart))
}
