import { checkOptions, own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkImages, checkProbability, type Augment } from './compose.ts'

export interface SolarizeOptions {
  /** Values from here on, from 0 to 1, are turned into their opposite. */
  readonly threshold?: number | undefined
  readonly probability?: number | undefined
}

/**
 * Turns the bright values of some images into their opposite (Grill et al. 2020, appendix B,
 * https://arxiv.org/abs/2006.07733). The opposite of a value is 1 less it: pixels from 0 to 255 would go below 0.
 *
 * @throws RangeError for a threshold or a probability outside [0, 1]; TypeError in use for what are no images
 */
export function solarize(options: SolarizeOptions = {}): Augment {
  checkOptions('solarize', options, { threshold: 'number', probability: 'number' })
  const { threshold = 0.5, probability = 0.2 } = options
  if (!(threshold >= 0 && threshold <= 1))
    throw new RangeError(`solarize: expected a threshold from 0 to 1, as values are, got ${threshold}. Try 0.5.`)
  checkProbability('solarize', probability)
  return (images, random) => {
    checkImages('solarize', images)
    return own(() => {
      const count = images.shape[0]
      const chosen = Float32Array.from(random.uniforms(count), u => Number(u < probability))
      const bright = tf.cast(tf.greaterEqual(images, threshold), 'float32')
      const turned = tf.mul(tf.mul(bright, tf.tensor4d(chosen, [count, 1, 1, 1])), tf.sub(1, tf.mul(images, 2)))
      return tf.add(images, turned) as tf.Tensor4D
    })
  }
}
