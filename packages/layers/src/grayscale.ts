import * as tf from '@tensorflow/tfjs-core'
import type { Block } from './block.ts'
import { checkChannels } from './check-channels.ts'

/** How bright red, green and blue are (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114]

/**
 * How bright each pixel of an image of three colors is, in one channel. No parameters.
 *
 * @throws RangeError at `init` for images of other than three channels
 */
export const grayscale = (): Block => colorless('grayscale', images => images)

/**
 * Where an image of three colors changes, in one channel: the length of Sobel's gradient of its gray values, a quarter
 * of it, so that an edge from 0 to 1 has 1 on either side. Beyond the border an image goes on as it ends there. No
 * parameters.
 *
 * @throws RangeError at `init` for images of other than three channels
 */
export const outlines = (): Block =>
  colorless('outlines', gray => {
    const [down, across] = [
      along(along(gray, 1, difference), 2, smoothed),
      along(along(gray, 1, smoothed), 2, difference)
    ]
    const squares = tf.div(tf.add(tf.square(down), tf.square(across)), 16)
    // Flat places stay 0, and the gradient there finite.
    return tf.sub(tf.sqrt(tf.add(squares, 1e-8)), 1e-4)
  })

const colorless = (who: string, of: (gray: tf.Tensor4D) => tf.Tensor): Block => ({
  filters: 1,
  lengthAfter: length => length,
  init(_, channels) {
    checkChannels(who, 3, channels)
    return { params: {}, buffers: {} }
  },
  apply: (_, input) => ({
    output: of(tf.sum(tf.mul(input, tf.tensor1d(luma)), 3, true)),
    buffers: {}
  })
})

type Three = (before: tf.Tensor, here: tf.Tensor, after: tf.Tensor) => tf.Tensor
const difference: Three = (before, _, after) => tf.sub(after, before)
const smoothed: Three = (before, here, after) => tf.add(tf.add(before, after), tf.mul(here, 2))

/** Combines each pixel with its neighbours along an axis. */
function along(images: tf.Tensor, axis: 1 | 2, combine: Three): tf.Tensor {
  const length = images.shape[axis]!
  const from = (start: number, count: number): tf.Tensor =>
    tf.slice(
      images,
      images.shape.map((_, i) => (i === axis ? start : 0)),
      images.shape.map((size, i) => (i === axis ? count : size))
    )
  const before = tf.concat([from(0, 1), from(0, length - 1)], axis)
  const after = tf.concat([from(1, length - 1), from(length - 1, 1)], axis)
  return combine(before, images, after)
}
