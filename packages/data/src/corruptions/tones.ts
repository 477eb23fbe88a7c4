import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** The greatest of a pixel's colours, V of HSV, a little larger; hue and saturation stay. */
export function brightness(images: tf.Tensor4D, _: Random, [lift = 0]: readonly number[]): tf.Tensor {
  const value = tf.max(images, 3, true)
  const isBlack = tf.lessEqual(value, 0)
  const factor = tf.div(tf.minimum(tf.add(value, lift), 1), tf.add(value, tf.cast(isBlack, 'float32')))
  return tf.where(isBlack, tf.fill(images.shape, lift), tf.mul(images, factor))
}

/** Each channel towards its mean. */
export function contrast(images: tf.Tensor4D, _: Random, [kept = 1]: readonly number[]): tf.Tensor {
  const mean = tf.mean(images, [1, 2], true)
  return tf.add(tf.mul(tf.sub(images, mean), kept), mean)
}

/** The saturation S of HSV times a factor and a little more; hue and value stay, and pixels without a hue. */
export function saturate(images: tf.Tensor4D, _: Random, [factor = 1, more = 0]: readonly number[]): tf.Tensor {
  const value = tf.max(images, 3, true)
  const range = tf.sub(value, tf.min(images, 3, true))
  const saturation = tf.div(range, tf.maximum(value, 1e-6))
  const after = tf.minimum(tf.add(tf.mul(saturation, factor), more), 1)
  return tf.sub(value, tf.mul(tf.sub(value, images), tf.div(after, tf.maximum(saturation, 1e-6))))
}
