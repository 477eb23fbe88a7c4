import { softmaxRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import type { SupConOptions } from './sup-con.ts'

/** A loss of logits, and its derivative by each of them. */
interface Sloped {
  readonly value: tf.Tensor
  readonly slope: tf.Tensor2D
}

type Formula = (logits: tf.Tensor2D, weights: tf.Tensor2D, noPositive: 'zero' | 'skip') => Sloped

/** What {@link SupConOptions.form} may be. Logits of a row with itself are −1e9, and their weights zero. */
export const formulas: Readonly<Record<NonNullable<SupConOptions['form']>, Formula>> = { out, in: within, pairs }

/** Lighter positives count as none. */
const lightest = 1e-6

/** Eq. 2: `log Σ exp(s) − Σ w s / Σ w`, averaged over the anchors. */
function out(logits: tf.Tensor2D, weights: tf.Tensor2D, noPositive: 'zero' | 'skip'): Sloped {
  const { probability, logTotal } = softmaxRows(logits)
  const { active, share, each } = anchorsOf(weights, noPositive)
  const value = tf.sub(tf.mul(active, logTotal), tf.sum(tf.mul(share, logits), 1, true))
  return {
    value: tf.sum(tf.mul(value, each)),
    slope: tf.mul(tf.sub(tf.mul(active, probability), share), each) as tf.Tensor2D
  }
}

/** Eq. 3: `log Σ exp(s) − log( Σ w exp(s) / Σ w )`, averaged over the anchors. */
function within(logits: tf.Tensor2D, weights: tf.Tensor2D, noPositive: 'zero' | 'skip'): Sloped {
  const all = softmaxRows(logits)
  const { active, share, each } = anchorsOf(weights, noPositive)
  const positive = softmaxRows(tf.where(tf.greater(share, 0), tf.add(logits, tf.log(tf.maximum(share, 1e-30))), tf.fill(logits.shape, -1e9)))
  const scale = tf.mul(active, each)
  return {
    value: tf.sum(tf.mul(tf.sub(all.logTotal, positive.logTotal), scale)),
    slope: tf.mul(tf.sub(all.probability, positive.probability), scale) as tf.Tensor2D
  }
}

/** `log(exp(s) + Σ exp(negatives)) − s`, averaged over the pairs of an anchor and a positive. */
function pairs(logits: tf.Tensor2D, weights: tf.Tensor2D): Sloped {
  const negative = softmaxRows(tf.where(tf.greater(weights, 0), tf.fill(logits.shape, -1e9), logits))
  const margin = tf.sub(negative.logTotal, logits)
  const each = tf.div(weights, tf.maximum(tf.sum(weights), lightest))
  const doubt = tf.mul(tf.sigmoid(margin), each) // the chance left to the negatives, pair by pair
  // log(1 + exp(m)) in a form that neither overflows nor meets the −1e9 of a row with itself.
  const cost = tf.add(tf.relu(margin), tf.log1p(tf.exp(tf.neg(tf.abs(margin)))))
  return {
    value: tf.sum(tf.mul(tf.where(tf.greater(weights, 0), cost, tf.zerosLike(cost)), each)),
    slope: tf.sub(tf.mul(tf.sum(doubt, 1, true), tf.where(tf.greater(weights, 0), tf.zerosLike(weights), negative.probability)), doubt) as tf.Tensor2D
  }
}

/** Which anchors have positives, `[n, 1]`; what part of an anchor's positives each row is, `[n, m]`; what each anchor counts, `[]`. */
function anchorsOf(weights: tf.Tensor2D, noPositive: 'zero' | 'skip'): { active: tf.Tensor; share: tf.Tensor; each: tf.Tensor } {
  const total = tf.sum(weights, 1, true)
  const active = tf.cast(tf.greater(total, lightest), 'float32')
  const share = tf.mul(tf.div(weights, tf.maximum(total, lightest)), active)
  const counted = noPositive === 'zero' ? tf.scalar(weights.shape[0]) : tf.maximum(tf.sum(active), 1)
  return { active, share, each: tf.div(1, counted) }
}
