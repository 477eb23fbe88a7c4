import * as tf from '@tensorflow/tfjs-core'
import { ofTwoViews, type Loss } from '@lapstrake/core'

/** Pulls the two views of an example together. */
export const alignment = (): Loss => ofTwoViews((a, b) => tf.mean(tf.squaredDifference(a, b)))
