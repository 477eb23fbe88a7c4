import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** Fewer pixels, a part of each edge, each the mean of the area that it covers; and as large as before. */
export function pixelate(images: tf.Tensor4D, _: Random, [part = 1]: readonly number[]): tf.Tensor {
  const [count, height, width, channels] = images.shape
  const down = tf.matMul(through(count, height, part), tf.reshape(images, [count, height, width * channels]))
  const turned = tf.reshape(tf.transpose(tf.reshape(down, images.shape), [0, 2, 1, 3]), [
    count,
    width,
    height * channels
  ])
  const along = tf.matMul(through(count, width, part), turned)
  return tf.transpose(tf.reshape(along, [count, width, height, channels]), [0, 2, 1, 3])
}

/** What each pixel of an edge is after it went through fewer, in parts of what they were: `[count, length, length]`. */
function through(count: number, length: number, part: number): tf.Tensor3D {
  const fewer = Math.max(1, Math.floor(length * part))
  const there = areas(length, fewer)
  const back = areas(fewer, length)
  const both = back.map(row => there[0]!.map((_, c) => row.reduce((sum, weight, k) => sum + weight * there[k]![c]!, 0)))
  return tf.tile(tf.tensor3d([both]), [count, 1, 1])
}

/** Of each pixel of the one edge the part of it that each of the other covers. */
const areas = (from: number, to: number): number[][] =>
  Array.from({ length: to }, (_, i) => {
    const [start, end] = [(i * from) / to, ((i + 1) * from) / to]
    return Array.from(
      { length: from },
      (_, k) => Math.max(0, Math.min(end, k + 1) - Math.max(start, k)) / (end - start)
    )
  })
