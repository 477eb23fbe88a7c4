import { own } from '@lapstrake/core'
import { leaveOut, softmaxRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

/** A loss of logits, and its derivative by each of them. */
interface Sloped {
  readonly value: tf.Tensor
  readonly slope: tf.Tensor2D
}

/** What anchors cost that have nothing to compare. */
export interface Rules {
  readonly noPositive: 'zero' | 'skip'
  readonly noNegative: 'cost' | 'zero'
}

export type Formula = (logits: tf.Tensor2D, weights: tf.Tensor2D, rules: Rules) => Sloped

/**
 * Formulas that want all logits of anchors `[anchors, n]`, up to a constant of each anchor. Those of a row with itself
 * are left out, and their weights zero.
 */
export const formulas: Readonly<Record<'in' | 'pairs', Formula>> = { in: within, pairs }

/** Lighter positives count as none. */
const lightest = 1e-6

/** Eq. 3: `log Σ exp(s) − log( Σ w exp(s) / Σ w )`, averaged over the anchors. */
function within(logits: tf.Tensor2D, weights: tf.Tensor2D, { noPositive, noNegative }: Rules): Sloped {
  const anchors = anchorsOf(tf.sum(weights, 1, true), noPositive)
  const { total } = anchors
  const counts = noNegative === 'cost' ? anchors.counts : tf.mul(anchors.counts, hasNegative(weights))
  const weighed = own(() =>
    leaveOut(tf.add(logits, tf.log(tf.maximum(weights, 1e-30))) as tf.Tensor2D, tf.lessEqual(weights, 0))
  )
  const positive = softmaxRows(weighed)
  weighed.dispose()
  const all = softmaxRows(logits)
  const inside = tf.sub(positive.logTotal, tf.log(total))
  const cost = tf.sub(all.logTotal, inside)
  return {
    value: tf.sum(tf.mul(tf.where(tf.greater(counts, 0), cost, tf.zerosLike(cost)), counts)),
    slope: tf.mul(tf.sub(all.probability, positive.probability), counts)
  }
}

/** `log(exp(s) + Σ exp(negatives)) − s`, averaged over the pairs of an anchor and a positive. */
function pairs(logits: tf.Tensor2D, weights: tf.Tensor2D): Sloped {
  const positive = tf.greater(weights, 0)
  const negative = own(() => softmaxRows(leaveOut(logits, positive)))
  const each = own(() => tf.div(weights, tf.maximum(tf.sum(weights), lightest)) as tf.Tensor2D)
  const margin = tf.sub(negative.logTotal, logits)
  // log(1 + exp(m)) in a form that does not overflow, also where a row meets itself or has no negatives.
  const cost = own(() => tf.add(tf.relu(margin), tf.log1p(tf.exp(tf.neg(tf.abs(margin))))))
  const value = own(() => tf.sum(tf.mul(tf.where(positive, cost, tf.zerosLike(cost)), each)))
  cost.dispose()
  const doubt = own(() => tf.mul(tf.sigmoid(margin), each)) // the chance left to the negatives, pair by pair
  margin.dispose()
  const repelled = own(() => tf.where(positive, tf.zerosLike(weights), negative.probability))
  return { value, slope: tf.sub(tf.mul(tf.sum(doubt, 1, true), repelled), doubt) }
}

/** 1 for each anchor whose other rows are not all positives, or else 0; `[anchors, 1]`. */
const hasNegative = (weights: tf.Tensor2D): tf.Tensor2D =>
  // One row without weight is the anchor itself.
  tf.cast(tf.greater(tf.sum(tf.cast(tf.lessEqual(weights, 0), 'float32'), 1, true), 1), 'float32')

/**
 * What positives of the anchors weigh in all, and what each anchor counts in the mean, from the sums of their weights;
 * each `[anchors, 1]`.
 */
export function anchorsOf(
  sums: tf.Tensor2D,
  noPositive: 'zero' | 'skip'
): { readonly total: tf.Tensor2D; readonly counts: tf.Tensor2D } {
  const active = tf.cast(tf.greater(sums, lightest), 'float32')
  return {
    total: tf.maximum(sums, lightest),
    counts: tf.div(active, noPositive === 'zero' ? sums.shape[0] : tf.maximum(tf.sum(active), 1))
  }
}
