import { own } from '@lapstrake/core'
import { leaveOut, softmaxRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

/** What anchors cost, and how that changes with each of their logits. */
interface Sloped {
  /** `[anchors, 1]` */
  readonly costs: tf.Tensor
  readonly slope: tf.Tensor2D
}

/** What anchors cost that have nothing to compare. */
export interface Rules {
  readonly noPositive: 'zero' | 'skip'
  readonly noNegative: 'cost' | 'zero'
}

/** Which anchors cost something, and what the sum of their costs is divided by for the mean. */
export interface Counting {
  /** bool, one for each anchor. */
  readonly active: tf.Tensor
  readonly count: number | tf.Scalar
}

/** A loss of logits `[anchors, n]` and of what each row is a positive of each anchor. */
export interface Formula {
  costs(logits: tf.Tensor2D, weights: tf.Tensor2D): Sloped
  counting(weights: tf.Tensor2D, rules: Rules): Counting
}

/**
 * Formulas that want all logits of anchors `[anchors, n]`, up to a constant of each anchor. Those of a row with itself
 * are left out, and their weights zero.
 */
export const formulas: Readonly<Record<'in' | 'pairs', Formula>> = {
  in: {
    costs: within,
    counting: (weights, { noPositive, noNegative }) =>
      countingOf(tf.sum(weights, 1, true), noPositive, noNegative === 'zero' ? hasNegative(weights) : undefined)
  },
  pairs: {
    costs: pairs,
    counting: weights => ({
      active: tf.greater(tf.sum(weights, 1, true), 0),
      count: tf.maximum(tf.sum(weights), lightest)
    })
  }
}

/** Lighter positives count as none. */
export const lightest = 1e-6

/** Eq. 3: `log Σ exp(s) − log( Σ w exp(s) / Σ w )`. */
function within(logits: tf.Tensor2D, weights: tf.Tensor2D): Sloped {
  const weighed = own(() =>
    leaveOut(tf.add(logits, tf.log(tf.maximum(weights, 1e-30))) as tf.Tensor2D, tf.lessEqual(weights, 0))
  )
  const positive = softmaxRows(weighed)
  weighed.dispose()
  const all = softmaxRows(logits)
  const inside = tf.sub(positive.logTotal, tf.log(tf.maximum(tf.sum(weights, 1, true), lightest)))
  return { costs: tf.sub(all.logTotal, inside), slope: tf.sub(all.probability, positive.probability) }
}

/** `log(exp(s) + Σ exp(negatives)) − s`, summed over the pairs of an anchor and a positive. */
function pairs(logits: tf.Tensor2D, weights: tf.Tensor2D): Sloped {
  const positive = tf.greater(weights, 0)
  const negative = own(() => softmaxRows(leaveOut(logits, positive)))
  const margin = tf.sub(negative.logTotal, logits)
  // log(1 + exp(m)) in a form that does not overflow, also where a row meets itself or has no negatives.
  const cost = own(() => tf.add(tf.relu(margin), tf.log1p(tf.exp(tf.neg(tf.abs(margin))))))
  const costs = own(() => tf.sum(tf.mul(tf.where(positive, cost, tf.zerosLike(cost)), weights), 1, true))
  cost.dispose()
  const doubt = own(() => tf.mul(tf.sigmoid(margin), weights)) // the chance left to the negatives, pair by pair
  margin.dispose()
  const repelled = own(() => tf.where(positive, tf.zerosLike(weights), negative.probability))
  return { costs, slope: tf.sub(tf.mul(tf.sum(doubt, 1, true), repelled), doubt) }
}

/** Whether an anchor's other rows are not all positives, `[anchors, 1]`. */
const hasNegative = (weights: tf.Tensor2D): tf.Tensor =>
  // One row without weight is the anchor itself.
  tf.greater(tf.sum(tf.cast(tf.lessEqual(weights, 0), 'float32'), 1, true), 1)

/**
 * How anchors count, from what their positives weigh in all, a number for each: one without positives costs nothing,
 * and one without negatives neither where that is asked for.
 */
export function countingOf(sums: tf.Tensor, noPositive: 'zero' | 'skip', hasNegative: tf.Tensor | undefined): Counting {
  const hasPositive = tf.greater(sums, lightest)
  return {
    active: hasNegative === undefined ? hasPositive : tf.logicalAnd(hasPositive, hasNegative),
    count: noPositive === 'zero' ? sums.size : tf.maximum(tf.sum(tf.cast(hasPositive, 'float32')), 1)
  }
}
