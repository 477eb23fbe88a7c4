import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { blurredBy } from './blurs.ts'
import { pulled } from './pulled.ts'

/**
 * A sheet of rubber: each pixel comes from elsewhere, by a smooth random field and by a slight turn, shear and stretch
 * (Simard et al. 2003). All parameters are parts of the shorter edge: how far the field moves before it is smoothed,
 * how smooth it is, and how far three points of the image move.
 */
export function elastic(
  images: tf.Tensor4D,
  random: Random,
  [amount = 0, smoothness = 0, slant = 0]: readonly number[]
): tf.Tensor {
  const [count, height, width] = images.shape
  const edge = Math.min(height, width)
  const noise = random.split('field').uniform([count, height, width, 2], -1, 1) as tf.Tensor4D
  const field = tf.mul(blurredBy(noise, smoothness * edge), amount * edge)
  const slanted = tf.tensor4d(slants(images.shape, random.split('slant'), slant * edge), [count, height, width, 2])
  return pulled(images, tf.add(field, slanted) as tf.Tensor4D)
}

/** How far the pixels move, down and along, where three corners of a square in the middle move by up to `most`. */
function slants([count, height, width]: readonly number[], random: Random, most: number): Float32Array {
  const [h, w] = [height!, width!]
  const [middleY, middleX, third] = [Math.floor(h / 2), Math.floor(w / 2), Math.max(1, Math.floor(Math.min(h, w) / 3))]
  const moves = random.uniforms(6 * count!).map(u => most * (2 * u - 1))
  const values = new Float32Array(count! * h * w * 2)
  for (let i = 0; i < count!; i++) {
    for (const axis of [0, 1]) {
      // Linear, and as drawn at (1, 1), (1, -1) and (-1, -1).
      const [a, b, c] = moves.subarray(6 * i + 3 * axis) as unknown as [number, number, number]
      const [down, along] = [(b - c) / 2, (a - b) / 2]
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const [v, u] = [(y - middleY) / third - 1, (x - middleX) / third - 1]
          values[((i * h + y) * w + x) * 2 + axis] = a + down * v + along * u
        }
      }
    }
  }
  return values
}
