import { detached } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** What is smaller counts as zero, as in rows that are scaled to length one. */
const smallest = 1e-12

/**
 * Numbers as they are where the largest of them lies between two bounds, and else divided by it: for what does not
 * depend on their size, but takes powers of them, which overflow or vanish.
 *
 * @param axes over which the largest is looked for; all of them when left out
 */
export function inRange<T extends tf.Tensor>(
  numbers: T,
  { least = 0, most, axes }: { readonly least?: number; readonly most: number; readonly axes?: number[] }
): T {
  const scale = detached(() => {
    const largest = tf.max(tf.abs(numbers), axes, true)
    const isSmall = tf.logicalAnd(tf.less(largest, least), tf.greater(largest, smallest))
    return tf.where(tf.logicalOr(tf.greater(largest, most), isSmall), largest, tf.onesLike(largest))
  })
  return tf.div(numbers, scale)
}
