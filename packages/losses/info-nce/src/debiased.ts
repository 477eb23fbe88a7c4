import {
  checkOptions,
  detached,
  reduced,
  reductionKind,
  type ViewLossOf,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkTemperature, checkViews, logSumExpRows, zeroRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { pairsOf } from './pairs-of.ts'

export interface DebiasedOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the cosine similarities. */
  readonly temperature?: number | undefined
  /**
   * The chance that a negative is of the anchor's own class, from 0 to below 1; one over the number of classes when
   * those are even.
   */
  readonly classPrior?: number | undefined
}

export interface HardNegativesOptions<R extends Reduction = 'mean' | 'sum'> extends DebiasedOptions<R> {
  /** How much more similar negatives count: 0 all alike, 1 or 2 for hard ones. */
  readonly concentration?: number | undefined
}

/**
 * Debiased contrastive loss: corrects the denominator for negatives that are secretly of the anchor's class.
 *
 * Takes two views `[batch, dim]` of any length; rows are scaled to length one here. With `N = 2 · batch − 2` negatives
 * `s⁻`, a positive `s⁺` and the class prior `τ`, each row costs `−log( e^(s⁺/t) / (e^(s⁺/t) + G) )`, where
 * `G = max( (Σ e^(s⁻/t) − N τ e^(s⁺/t)) / (1 − τ), N e^(−1/t) )`. Returns nats, averaged over the rows of both views,
 * `[2 · batch]` view after view.
 *
 * @throws RangeError if `temperature` is not above 0, or `classPrior` not from 0 to below 1
 * @throws Error unless there are two views of one shape
 * @see Chuang et al. 2020, eq. 7 and 8, https://arxiv.org/abs/2007.00224
 */
export function debiased<R extends Reduction = 'mean'>(options: DebiasedOptions<R> = {}): ViewLossOf<R> {
  checkOptions('debiased', options, { temperature: 'number', classPrior: 'number', reduction: reductionKind })
  return corrected('debiased', { ...options, concentration: 0 })
}

/**
 * Hard negatives: the debiased loss with each negative weighted by `e^(β s⁻/t)`, normalised to a mean of one.
 *
 * As {@link debiased} otherwise, which it is for a concentration `β` of 0. The weights are differentiated too.
 *
 * @throws RangeError if `temperature` is not above 0, `classPrior` not from 0 to below 1, or `concentration` below 0
 * @throws Error unless there are two views of one shape
 * @see Robinson et al. 2021, eq. 4 and section 3.2, https://arxiv.org/abs/2010.04592
 */
export function hardNegatives<R extends Reduction = 'mean'>(options: HardNegativesOptions<R> = {}): ViewLossOf<R> {
  checkOptions('hardNegatives', options, {
    temperature: 'number',
    classPrior: 'number',
    concentration: 'number',
    reduction: reductionKind
  })
  return corrected('hardNegatives', options)
}

function corrected<R extends Reduction = 'mean'>(
  who: string,
  { temperature = 0.5, classPrior = 0.1, concentration = 1, reduction = 'mean' as R }: HardNegativesOptions<R>
): ViewLossOf<R> {
  checkTemperature(who, temperature)
  if (!(classPrior >= 0 && classPrior < 1))
    throw new RangeError(`${who}: expected a classPrior from 0 to below 1, got ${classPrior}. Try 0.1 for ten classes.`)
  if (!(concentration >= 0 && concentration < Infinity))
    throw new RangeError(`${who}: expected a concentration of 0 or more, got ${concentration}. Try 1.`)
  return embeddings => {
    checkViews(who, embeddings)
    const { positive, negatives, count } = pairsOf(who, embeddings, temperature)
    if (count === 0) return reduced(zeroRows(positive), reduction)
    // Σ w e^s with weights of mean one, as a logarithm.
    const weightedTotal =
      concentration === 0
        ? logSumExpRows(negatives)
        : tf.add(
            tf.sub(
              logSumExpRows(tf.mul(negatives, concentration + 1)),
              logSumExpRows(tf.mul(negatives, concentration))
            ),
            Math.log(count)
          )
    // Everything is seen from the largest exponent, so that no exponential overflows; it cancels out in the end.
    const from = detached(() => tf.maximum(positive, weightedTotal))
    const own = tf.exp(tf.sub(positive, from))
    const others = tf.div(tf.sub(tf.exp(tf.sub(weightedTotal, from)), tf.mul(own, classPrior * count)), 1 - classPrior)
    const least = tf.mul(tf.exp(tf.sub(-1 / temperature, from)), count)
    const each = tf.sub(tf.log(tf.add(own, tf.maximum(others, least))), tf.sub(positive, from)) // [2 · batch, 1]
    return reduced(tf.squeeze(each, [1]), reduction)
  }
}
