import * as tf from '@tensorflow/tfjs-core'
import { grayOf } from '../gray-of.ts'

/** From another image (0) to the image (1) and beyond, by a factor for each; cut to [0, 1]. */
function blended(other: tf.Tensor, images: tf.Tensor4D, factors: Float32Array): tf.Tensor4D {
  const away = tf.mul(tf.sub(images, other), tf.tensor4d(factors, [factors.length, 1, 1, 1]))
  return tf.clipByValue(tf.add(other, away), 0, 1) as tf.Tensor4D
}

/** From black. */
export const brightness = (images: tf.Tensor4D, factors: Float32Array): tf.Tensor4D =>
  blended(tf.scalar(0), images, factors)

/** From grey; grey images stay as they are. */
export const color = (images: tf.Tensor4D, factors: Float32Array): tf.Tensor4D =>
  blended(grayOf(images), images, factors)

/** From the mean brightness of each image. */
export const contrast = (images: tf.Tensor4D, factors: Float32Array): tf.Tensor4D =>
  blended(tf.mean(grayOf(images), [1, 2, 3], true), images, factors)

/** From a blur over nine pixels, of which the middle one weighs five; the pixels of the edge stay as they are. */
export function sharpness(images: tf.Tensor4D, factors: Float32Array): tf.Tensor4D {
  const [, height, width, channels] = images.shape
  if (height < 3 || width < 3) return images
  const weights = tf.tensor4d([1, 1, 1, 1, 5, 1, 1, 1, 1], [3, 3, 1, 1])
  const kernel = tf.tile(tf.div(weights, 13), [1, 1, channels, 1]) as tf.Tensor4D
  const framed = (inner: tf.Tensor4D): tf.Tensor4D =>
    tf.pad(inner, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0]
    ])
  const inside = framed(tf.ones([1, height - 2, width - 2, 1]))
  const blurred = framed(tf.depthwiseConv2d(images, kernel, 1, 'valid'))
  return blended(tf.add(blurred, tf.mul(images, tf.sub(1, inside))), images, factors)
}
