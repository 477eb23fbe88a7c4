import { checkOptions, fusedOr, own } from '@lapstrake/core'
import { blurImages } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { checkWhole, longestEdge } from '../whole-number.ts'
import { checkImages, checkProbability, isRising, perExample, type Augment } from './compose.ts'

export interface GaussianBlurOptions {
  /** Least and greatest standard deviation in pixels. */
  readonly sigma?: readonly [number, number] | undefined
  /** Length of the kernel, odd; about a tenth of the image in SimCLR. */
  readonly size: number
  /** Probability of a blur. */
  readonly probability?: number | undefined
}

/**
 * Blurs each image with a Gaussian of its own width (Chen et al. 2020, appendix A, https://arxiv.org/abs/2002.05709),
 * down the columns, then along the rows. Pixels beyond the edge count as zero weight: what is left is scaled up.
 *
 * @throws RangeError for a size that is even or beyond 16383, or a sigma that is not ascending, positive and finite;
 * TypeError in use for what are no images
 */
export function gaussianBlur(options: GaussianBlurOptions): Augment {
  checkOptions('gaussianBlur', options, { sigma: 'list', size: 'number', probability: 'number' })
  const { sigma = [0.1, 2], size, probability = 0.5 } = options
  if (Number.isInteger(size) && size % 2 === 0) {
    throw new RangeError(`gaussianBlur: expected an odd size, got ${size}. Try ${size + 1}.`)
  }
  checkWhole('gaussianBlur', 'size', size, 1, 2 * longestEdge - 1)
  if (sigma.length !== 2 || !isRising(sigma))
    throw new RangeError(`gaussianBlur: expected a sigma with 0 < least ≤ greatest, got [${sigma.join(', ')}].`)
  checkProbability('gaussianBlur', probability)
  const [least, greatest] = sigma

  return (images, random) => {
    checkImages('gaussianBlur', images)
    return own(() => {
      const count = images.shape[0]
      const sigmas = perExample(random.split('sigma'), count, least, greatest)
      const chosen = random.split('apply').uniforms(count)
      const values = Float32Array.from({ length: count * size }, (_, place) => {
        const [i, distance] = [Math.floor(place / size), (place % size) - (size - 1) / 2]
        return chosen[i]! < probability
          ? Math.exp((-distance * distance) / (2 * sigmas[i]! ** 2))
          : Number(distance === 0)
      })
      const weights = tf.tensor2d(values, [count, size])
      return fusedOr(blurImages, { images, weights })
    })
  }
}
