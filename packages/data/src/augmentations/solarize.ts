import { checkOptions, own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkProbability, type Augment } from './compose.ts'

export interface SolarizeOptions {
  /** Values from here on are turned into their opposite. */
  readonly threshold?: number | undefined
  readonly probability?: number | undefined
}

/**
 * Turns the bright values of some images into their opposite (Grill et al. 2020, appendix B,
 * https://arxiv.org/abs/2006.07733).
 */
export function solarize(options: SolarizeOptions = {}): Augment {
  checkOptions('solarize', options, { threshold: 'number', probability: 'number' })
  const { threshold = 0.5, probability = 0.2 } = options
  if (Number.isNaN(threshold)) throw new RangeError('solarize: expected a threshold, got NaN. Try 0.5.')
  checkProbability('solarize', probability)
  return (images, random) =>
    own(() => {
      const count = images.shape[0]
      const chosen = Float32Array.from(random.uniforms(count), u => Number(u < probability))
      const bright = tf.cast(tf.greaterEqual(images, threshold), 'float32')
      const turned = tf.mul(tf.mul(bright, tf.tensor4d(chosen, [count, 1, 1, 1])), tf.sub(1, tf.mul(images, 2)))
      return tf.add(images, turned) as tf.Tensor4D
    })
}
