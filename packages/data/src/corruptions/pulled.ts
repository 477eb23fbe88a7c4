import * as tf from '@tensorflow/tfjs-core'

/**
 * Each pixel from as far away as its move says, between the four around; edges are mirrors.
 *
 * @param moves `[batch, height, width, 2]`, down and along, in pixels; a height or width of 1 is for all of them
 */
export function pulled(images: tf.Tensor4D, moves: tf.Tensor4D): tf.Tensor4D {
  const [count, height, width, channels] = images.shape
  const at = (axis: 0 | 1, length: number): readonly [first: tf.Tensor, second: tf.Tensor, part: tf.Tensor] => {
    const grid = tf.reshape(tf.range(0, length), axis === 0 ? [1, length, 1] : [1, 1, length])
    const place = tf.add(grid, tf.squeeze(tf.slice(moves, [0, 0, 0, axis], [-1, -1, -1, 1]), [3]))
    const period = Math.max(1, 2 * (length - 1))
    const within = tf.mod(place, period)
    const mirrored = tf.minimum(tf.minimum(within, tf.sub(period, within)), length - 1)
    const first = tf.floor(mirrored)
    return [first, tf.minimum(tf.add(first, 1), length - 1), tf.expandDims(tf.sub(mirrored, first), 3)]
  }
  const [[top, bottom, down], [left, right, along]] = [at(0, height), at(1, width)]
  const rows = tf.reshape(images, [count * height * width, channels])
  const start = tf.reshape(tf.mul(tf.range(0, count), height * width), [count, 1, 1])
  const pixels = (y: tf.Tensor, x: tf.Tensor): tf.Tensor =>
    tf.gather(rows, tf.cast(tf.add(start, tf.add(tf.mul(y, width), x)), 'int32'))
  const between = (a: tf.Tensor, b: tf.Tensor, part: tf.Tensor): tf.Tensor => tf.add(a, tf.mul(tf.sub(b, a), part))
  return between(
    between(pixels(top, left), pixels(top, right), along),
    between(pixels(bottom, left), pixels(bottom, right), along),
    down
  ) as tf.Tensor4D
}
