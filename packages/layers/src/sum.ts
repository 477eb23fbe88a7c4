import { withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** A sum, which keeps nothing: TensorFlow.js would keep both of its terms to ask their shapes. */
export const sumOf = (a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D =>
  withGradient([a, b], (a, b) => ({
    value: tf.add<tf.Tensor4D>(a, b),
    saved: [],
    gradient: dy => [tf.clone(dy), tf.clone(dy)]
  }))
