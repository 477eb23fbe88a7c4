import * as tf from '@tensorflow/tfjs-core'

/** How bright red, green and blue are (ITU-R BT.601). */
export const luma = [0.299, 0.587, 0.114] as const

/** How bright each pixel is, in one channel; of images that are not of three colours the mean of their channels. */
export const grayOf = (images: tf.Tensor4D): tf.Tensor4D =>
  images.shape[3] === 3 ? tf.sum(tf.mul(images, tf.tensor1d([...luma])), 3, true) : tf.mean(images, 3, true)
