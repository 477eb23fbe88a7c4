import { withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** Shorter rows count as zero: their direction is noise. */
const shortest = 1e-12

/** Rows scaled to length one along the last axis. A row of zeros stays zero, and so does its gradient. */
export function normaliseRows<T extends tf.Tensor>(rows: T): T {
  return withGradient([rows], rows => {
    // The longest entry is divided out first, so that no square overflows or vanishes.
    const scale = tf.max(tf.abs(rows), -1, true)
    const isLong = tf.greater(scale, shortest)
    const safe = tf.where(isLong, scale, tf.onesLike(scale))
    const length = tf.mul(safe, tf.sqrt(tf.sum(tf.square(tf.div(rows, safe)), -1, true)))
    const inverse = tf.where(isLong, tf.div(1, length), tf.zerosLike(length))
    const unit = tf.mul(rows, inverse) as T
    return {
      value: unit,
      saved: [unit, inverse],
      gradient: (dz, [unit, inverse]) => [
        tf.mul(tf.sub(dz, tf.mul(unit!, tf.sum(tf.mul(dz, unit!), -1, true))), inverse!)
      ]
    }
  })
}
