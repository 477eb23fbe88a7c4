import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expectShapes, mapShape } from './shape-rules.ts'

type Inputs = {
  readonly images: tf.Tensor4D
  readonly matrices: tf.Tensor3D
  readonly luma: tf.Tensor
  readonly lifts: tf.Tensor
}

/**
 * Each pixel of three colours times its image's matrix, and the image's mean brightness times its lift; cut to [0, 1].
 * `luma` says how bright each colour is.
 */
export const mixColors: FusedKernel<Inputs, NoAttributes, tf.Tensor4D> = {
  name: 'MixColors',
  shapes(inputs) {
    const [count, height, width] = mapShape('mixColors', 'images', inputs.images)
    const expected = { images: [count, height, width, 3], matrices: [count, 3, 3], luma: [3], lifts: [count] }
    expectShapes('mixColors', inputs, expected)
    return inputs.images
  },
  multiplyAdds: () => 0,
  composed({ images, matrices, luma, lifts }) {
    const [count, height, width] = images.shape
    const pixels = tf.reshape(images, [count, height * width, 3])
    const mixed = tf.add(tf.reshape(tf.matMul(pixels, matrices), images.shape), lifted(images, luma, lifts))
    return tf.clipByValue(mixed, 0, 1) as tf.Tensor4D
  }
}

/** The mean brightness of each image times its lift, `[count, 1, 1, 1]`. */
export function lifted(images: tf.Tensor4D, luma: tf.Tensor, lifts: tf.Tensor): tf.Tensor {
  const [count, height, width] = images.shape
  const means = tf.avgPool(images, [height, width], 1, 'valid')
  return tf.mul(tf.sum(tf.mul(means, luma), 3, true), tf.reshape(lifts, [count, 1, 1, 1]))
}
