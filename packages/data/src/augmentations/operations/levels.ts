import * as tf from '@tensorflow/tfjs-core'

/** Values as those of pixels of 8 bits, from 0 to 255; what lies beyond counts as the end. */
const pixelsOf = (images: tf.Tensor4D): tf.Tensor4D =>
  tf.round(tf.mul(tf.clipByValue(images, 0, 1), 255)) as tf.Tensor4D

const column = (values: Float32Array): tf.Tensor4D => tf.tensor4d(values, [values.length, 1, 1, 1])

/** Keeps the upper bits of each value, so many for each image. */
export function posterize(images: tf.Tensor4D, bits: Float32Array): tf.Tensor4D {
  const step = column(bits.map(kept => 2 ** (8 - Math.round(kept))))
  return tf.div(tf.mul(tf.floor(tf.div(pixelsOf(images), step)), step), 255) as tf.Tensor4D
}

/** Values from each image's threshold on become their opposite. */
export const turned = (images: tf.Tensor4D, thresholds: Float32Array): tf.Tensor4D =>
  tf.where(tf.greaterEqual(images, column(thresholds)), tf.sub(1, images), images)

/** The opposite of every value. */
export const invert = (images: tf.Tensor4D): tf.Tensor4D => tf.sub(1, images)

/** Stretches each channel until its least value is 0 and its greatest 1; one of a single value stays as it is. */
export function autoContrast(images: tf.Tensor4D): tf.Tensor4D {
  const [least, most] = [tf.min(images, [1, 2], true), tf.max(images, [1, 2], true)]
  const range = tf.sub(most, least)
  const isFlat = tf.lessEqual(range, 0)
  const stretched = tf.div(tf.sub(images, least), tf.add(range, tf.cast(isFlat, 'float32')))
  return tf.where(isFlat, images, stretched as tf.Tensor4D)
}

/**
 * Spreads the values of each channel so that each is as frequent as the others, by the histogram of its 256 levels. One
 * whose pixels all but those of its greatest level are fewer than 255 stays as it is.
 */
export function equalize(images: tf.Tensor4D): tf.Tensor4D {
  const [count, height, width, channels] = images.shape
  const rows = tf.transpose(pixelsOf(images), [0, 3, 1, 2])
  const levels = tf.cast(tf.reshape(rows, [count * channels, height * width]), 'int32')
  // Each channel counts in 256 places of its own: one count does for all.
  const first = tf.mul(tf.range(0, count * channels, 1, 'int32'), tf.scalar(256, 'int32'))
  const places = tf.add(levels, tf.expandDims(first, 1))
  const counted = tf.bincount(tf.reshape(places, [-1]) as tf.Tensor1D, [], 256 * count * channels)
  const histogram = tf.cast(tf.reshape(counted, [count * channels, 256]), 'float32')
  const greatest = tf.cast(tf.equal(tf.cumsum(histogram, 1), height * width), 'float32')
  // The first level at which all are counted is the greatest there is.
  const topOnes = tf.sum(tf.mul(histogram, greatest), 1, true)
  const step = tf.floor(tf.div(tf.sub(height * width, topOnes), 255)) // [rows, 1]
  const below = tf.cumsum(histogram, 1, true)
  const spread = tf.floor(tf.div(tf.add(below, tf.floor(tf.div(step, 2))), tf.maximum(step, 1)))
  const isSpread = tf.greater(step, 0)
  const table = tf.where(isSpread, tf.minimum(spread, 255), tf.reshape(tf.range(0, 256), [1, 256]))
  const found = tf.reshape(tf.gather(tf.reshape(table, [-1]), places), [count, channels, height, width])
  return tf.transpose(tf.div(found, 255), [0, 2, 3, 1]) as tf.Tensor4D
}
