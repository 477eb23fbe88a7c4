import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** Fog of a density: a plasma of its own for each image, the finer the fainter by `decay` squared at each halving. */
export function fog(images: tf.Tensor4D, random: Random, [density = 0, decay = 2]: readonly number[]): tf.Tensor {
  const [count, height, width] = images.shape
  const size = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(height, width))))
  const values = new Float32Array(count * height * width)
  for (let i = 0; i < count; i++) {
    const heights = plasma(size, decay, random.split(i))
    for (let y = 0; y < height; y++) values.set(heights.subarray(y * size, y * size + width), (i * height + y) * width)
  }
  const brightest = tf.max(images, [1, 2, 3], true)
  const foggy = tf.add(images, tf.mul(tf.tensor4d(values, [count, height, width, 1]), density))
  return tf.mul(foggy, tf.div(brightest, tf.add(brightest, density)))
}

/**
 * A square of heights from 0 to 1, which goes on at its edges, by midpoints that are moved less and less (diamond and
 * square; Fournier et al. 1982, https://doi.org/10.1145/358523.358553).
 *
 * @param size a power of two of 2 or more
 */
export function plasma(size: number, decay: number, random: Random): Float32Array {
  const heights = new Float32Array(size * size)
  const moves = random.uniforms(size * size)
  let [used, amount] = [0, 1]
  const place = (y: number, x: number): number => ((y + size) % size) * size + ((x + size) % size)
  /** The mean of four around, in a diagonal cross or an upright one, and a move. */
  const raise = (y: number, x: number, around: readonly (readonly [number, number])[]): void => {
    const sum = around.reduce((total, [dy, dx]) => total + heights[place(y + dy, x + dx)]!, 0)
    heights[place(y, x)] = sum / 4 + amount * (2 * moves[used++]! - 1)
  }
  for (let step = size; step >= 2; step /= 2) {
    const half = step / 2
    const [diagonal, upright] = [
      [
        [-half, -half],
        [-half, half],
        [half, -half],
        [half, half]
      ],
      [
        [-half, 0],
        [half, 0],
        [0, -half],
        [0, half]
      ]
    ] as const
    for (let y = half; y < size; y += step) for (let x = half; x < size; x += step) raise(y, x, diagonal)
    for (let y = 0; y < size; y += half)
      for (let x = y % step === 0 ? half : 0; x < size; x += step) raise(y, x, upright)
    amount /= decay * decay
  }
  const [least, most] = heights.reduce(([low, high], h) => [Math.min(low, h), Math.max(high, h)], [Infinity, -Infinity])
  return heights.map(height => (height - least) / (most - least))
}
