import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { mapShape } from './shape-rules.ts'

type Inputs = { readonly images: tf.Tensor4D; readonly weights: tf.Tensor2D }

/**
 * A blur down the columns, then along the rows, with each image's own row of weights `[batch, size]`, an odd number of
 * them. Pixels beyond the edge count as zero weight: what is left is scaled up.
 */
export const blurImages: FusedKernel<Inputs, NoAttributes, tf.Tensor4D> = {
  name: 'BlurImages',
  shapes({ images, weights }) {
    const [count] = mapShape('blurImages', 'images', images)
    if (weights.length !== 2 || weights[0] !== count || weights[1]! % 2 === 0) {
      throw new Error(
        `blurImages: expected an odd number of weights for each of ${count} images, got [${weights.join(', ')}].`
      )
    }
    return images
  },
  multiplyAdds: () => 0,
  composed: ({ images, weights }) => blurred(images, weights)
}

function blurred(images: tf.Tensor4D, weights: tf.Tensor2D): tf.Tensor4D {
  const [count, height, width, channels] = images.shape
  const size = weights.shape[1]
  // Every image becomes a channel group of one wide picture, so that each meets its own weights.
  const wide = tf.reshape(tf.transpose(images, [1, 2, 0, 3]), [1, height, width, count * channels]) as tf.Tensor4D
  const taps = tf.tile(tf.expandDims(tf.transpose(weights), 2), [1, 1, channels]) // [size, count, channels]
  const pass = (x: tf.Tensor4D, shape: readonly [number, number], edges: tf.Tensor4D): tf.Tensor4D => {
    const filter = tf.reshape(taps, [...shape, count * channels, 1]) as tf.Tensor4D
    return tf.div(tf.depthwiseConv2d(x, filter, 1, 'same'), tf.depthwiseConv2d(edges, filter, 1, 'same'))
  }
  const down = pass(wide, [size, 1], tf.ones([1, height, 1, count * channels]))
  const along = pass(down, [1, size], tf.ones([1, 1, width, count * channels]))
  return tf.transpose(tf.reshape(along, [height, width, count, channels]), [2, 0, 1, 3]) as tf.Tensor4D
}
