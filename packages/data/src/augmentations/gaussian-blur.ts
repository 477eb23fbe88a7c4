import { own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkProbability, perExample, type Augment } from './compose.ts'

export interface GaussianBlurOptions {
  /** Least and greatest standard deviation in pixels. */
  readonly sigma?: readonly [number, number]
  /** Length of the kernel, odd; about a tenth of the image in SimCLR. */
  readonly size: number
  /** Probability of a blur. */
  readonly probability?: number
}

/**
 * Blurs each image with a Gaussian of its own width (Chen et al. 2020, appendix A, https://arxiv.org/abs/2002.05709), down the
 * columns, then along the rows. Pixels beyond the edge count as zero weight: what is left is scaled up.
 *
 * @throws RangeError for an even size, or a sigma that is not ascending and positive
 */
export function gaussianBlur({ sigma: [least, greatest] = [0.1, 2], size, probability = 0.5 }: GaussianBlurOptions): Augment {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) throw new RangeError(`gaussianBlur: expected an odd size, got ${size}. Try ${size + 1}.`)
  if (!(least > 0 && greatest >= least)) throw new RangeError(`gaussianBlur: expected a sigma with 0 < least ≤ greatest, got [${least}, ${greatest}].`)
  checkProbability('gaussianBlur', probability)

  return (images, random) => own(() => {
    const [count, height, width, channels] = images.shape
    const sigmas = perExample(random.split('sigma'), count, least, greatest)
    const chosen = random.split('apply').uniforms(count)
    const kernels = Array.from({ length: size }, (_, tap) => Array.from({ length: count }, (_, i) => {
      const distance = tap - (size - 1) / 2
      return chosen[i]! < probability ? Math.exp(-distance * distance / (2 * sigmas[i]! ** 2)) : Number(distance === 0)
    }).flatMap(value => new Array<number>(channels).fill(value)))
    // Every image becomes a channel group of one wide picture, so that each meets its own kernel.
    const wide = tf.reshape(tf.transpose(images, [1, 2, 0, 3]), [1, height, width, count * channels]) as tf.Tensor4D
    const taps = tf.tensor2d(kernels)
    const down = tf.reshape(taps, [size, 1, count * channels, 1]) as tf.Tensor4D
    const along = tf.reshape(taps, [1, size, count * channels, 1]) as tf.Tensor4D
    const blur = (x: tf.Tensor4D): tf.Tensor4D => tf.depthwiseConv2d(tf.depthwiseConv2d(x, down, 1, 'same'), along, 1, 'same')
    const even = tf.div(blur(wide), blur(tf.onesLike(wide)))
    return tf.transpose(tf.reshape(even, [height, width, count, channels]), [2, 0, 1, 3]) as tf.Tensor4D
  })
}
