import * as tf from '@tensorflow/tfjs-core'
import type { Loss } from '@lapstrake/core'

/** Pulls the two views of an example together. */
export const alignment =
  (): Loss =>
  ([a, b]) =>
    tf.mean(tf.squaredDifference(a, b))
