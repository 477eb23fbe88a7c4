import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** Steps of the frequencies of brightness at quality 50 (ITU-T T.81, table K.1). */
const brightnessSteps = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99
] as const

/** The same of the two differences of colour (table K.2), whose lower right is all alike. */
const colorSteps = Array.from({ length: 64 }, (_, i) => {
  const known = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99]
  const [y, x] = [i >> 3, i & 7]
  return y < 4 && x < 4 ? known[4 * y + x]! : 99
})

/** Brightness and the differences of blue and red from it, of red, green and blue; and back (JFIF). */
const toBrightness = [
  [0.299, -0.168736, 0.5],
  [0.587, -0.331264, -0.418688],
  [0.114, 0.5, -0.081312]
]
const toColors = [
  [1, 1, 1],
  [0, -0.344136, 1.772],
  [1.402, -0.714136, 0]
]

/**
 * What JPEG of a quality loses: colours at half the resolution, and frequencies of eight by eight pixels rounded to the
 * steps of the standard's tables, scaled as the Independent JPEG Group does. Coding them loses nothing, and is left
 * out.
 */
export function jpeg(images: tf.Tensor4D, _: Random, [quality = 50]: readonly number[]): tf.Tensor {
  const [count, height, width, channels] = images.shape
  const block = channels === 1 ? 8 : 16
  const [tall, wide] = [height, width].map(length => Math.ceil(length / block) * block) as [number, number]
  const whole = grown(tf.round(tf.mul(images, 255)) as tf.Tensor4D, tall, wide)
  const lossy = (maps: tf.Tensor4D, steps: readonly number[]): tf.Tensor4D => quantised(maps, stepsAt(quality, steps))
  const cut = (maps: tf.Tensor): tf.Tensor =>
    tf.div(tf.round(tf.slice(maps, [0, 0, 0, 0], [count, height, width, channels])), 255)
  if (channels === 1) return cut(tf.add(lossy(tf.sub(whole, 128), brightnessSteps), 128))
  const parts = mixed(whole, toBrightness)
  const bright = tf.add(lossy(tf.sub(tf.slice(parts, 0, [-1, -1, -1, 1]) as tf.Tensor4D, 128), brightnessSteps), 128)
  const halved = tf.avgPool(tf.slice(parts, [0, 0, 0, 1], [-1, -1, -1, 2]) as tf.Tensor4D, 2, 2, 'valid')
  const color = tf.image.resizeBilinear(lossy(halved, colorSteps), [tall, wide], false, true)
  return cut(mixed(tf.concat([bright, color], 3), toColors))
}

const mixed = (maps: tf.Tensor, matrix: readonly (readonly number[])[]): tf.Tensor4D => {
  const rows = tf.matMul(tf.reshape(maps, [-1, 3]), tf.tensor2d(matrix as number[][]))
  return tf.reshape(rows, maps.shape as [number, number, number, number])
}

/** The last row and column again, until the size is as asked. */
function grown(images: tf.Tensor4D, tall: number, wide: number): tf.Tensor4D {
  const [, height, width] = images.shape
  const places = (length: number, to: number): number[] => Array.from({ length: to }, (_, i) => Math.min(i, length - 1))
  return tf.gather(tf.gather(images, places(height, tall), 1), places(width, wide), 2)
}

const stepsAt = (quality: number, steps: readonly number[]): number[] => {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality
  return steps.map(step => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))))
}

/** The cosine transform of eight values: rows are frequencies. */
const cosines = Array.from({ length: 8 }, (_, frequency) =>
  Array.from(
    { length: 8 },
    (_, at) => Math.sqrt(frequency === 0 ? 1 / 8 : 1 / 4) * Math.cos(((2 * at + 1) * frequency * Math.PI) / 16)
  )
)

/** Both transforms of a block as one matrix, `[64, 64]`: what enters is a row. */
const blockCosines = Array.from({ length: 64 }, (_, pixel) =>
  Array.from({ length: 64 }, (_, frequency) => {
    const [y, x, v, u] = [pixel >> 3, pixel & 7, frequency >> 3, frequency & 7]
    return cosines[v]![y]! * cosines[u]![x]!
  })
)

/** Maps whose blocks of eight by eight have frequencies that are multiples of these steps. */
function quantised(maps: tf.Tensor4D, steps: readonly number[]): tf.Tensor4D {
  const [count, height, width, channels] = maps.shape
  const [down, along] = [height / 8, width / 8]
  const apart = tf.transpose(tf.reshape(maps, [count, down, 8, along, 8, channels]), [0, 1, 3, 5, 2, 4])
  const transform = tf.tensor2d(blockCosines)
  const frequencies = tf.matMul(tf.reshape(apart, [-1, 64]), transform)
  const rounded = tf.mul(tf.round(tf.div(frequencies, steps as number[])), steps as number[])
  const blocks = tf.reshape(tf.matMul(rounded, transform, false, true), [count, down, along, channels, 8, 8])
  return tf.reshape(tf.transpose(blocks, [0, 1, 4, 2, 5, 3]), maps.shape)
}
