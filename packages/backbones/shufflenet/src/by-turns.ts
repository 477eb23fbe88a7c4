import { withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Channels of two maps by turns: put side by side, and shuffled in two groups (Zhang et al. 2018, section 3.1,
 * https://arxiv.org/abs/1707.01083). Keeps nothing, where TensorFlow.js would keep both maps and what lies between.
 */
export const byTurns = (left: tf.Tensor4D, right: tf.Tensor4D): tf.Tensor4D =>
  withGradient([left, right], (left, right) => ({
    value: turned(tf.concat([left, right], 3), 2),
    saved: [],
    gradient: dy => tf.split(turned(dy, dy.shape[3] / 2), 2, 3)
  }))

/** Channels as a table of so many rows, read by columns. */
const turned = (maps: tf.Tensor4D, rows: number): tf.Tensor4D =>
  tf.reshape(tf.transpose(tf.reshape(maps, [-1, rows, maps.shape[3] / rows]), [0, 2, 1]), maps.shape)
