import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { grayOf } from '../augmentations/gray-of.ts'
import { smeared, zoomed } from './blurs.ts'

/** A paler image, and flakes that fall: bright spots of normal noise, enlarged, smeared downwards, twice. */
export function snow(
  images: tf.Tensor4D,
  random: Random,
  [mean = 0, deviation = 0, zoom = 1, least = 0, radius = 0, sigma = 1, kept = 1]: readonly number[]
): tf.Tensor {
  const [count, height, width] = images.shape
  const noise = random.split('flakes').normal([count, height, width, 1], mean, deviation) as tf.Tensor4D
  const large = zoomed(noise, zoom)
  const flakes = tf.where(tf.less(large, least), tf.zerosLike(large), tf.minimum(large, 1)) as tf.Tensor4D
  const angles = random
    .split('wind')
    .uniforms(count)
    .map(u => -(Math.PI / 4) * (1 + 2 * u))
  const falling = smeared(flakes, angles, radius, sigma)
  const pale = tf.maximum(images, tf.add(tf.mul(grayOf(images), 1.5), 0.5))
  return tf.addN([
    tf.add(tf.mul(images, kept), tf.mul(pale, 1 - kept)),
    ...[falling, tf.reverse(falling, [1, 2])].map(layer => tf.mul(layer, tf.onesLike(images)))
  ])
}
