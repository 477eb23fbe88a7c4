import { detached, fusedOr, withGradient } from '@lapstrake/core'
import { affine, batchNormGradient, channelMoments, channelSums, normalise, type Moments } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { passingAboveZero } from './relu.ts'

export const epsilon = 1e-5

/** Mean and variance of each channel over the batch, `[channels]`; constants, no gradient passes through them. */
export const batchMoments = (x: tf.Tensor4D): Moments =>
  detached(() => {
    const [mean, variance] = fusedOr(channelMoments, { x })
    return { mean, variance }
  })

/**
 * `scale · (x - mean) / √(variance + epsilon) + offset`, and a ReLU if wanted, with the moments of `x` itself.
 *
 * Keeps the input and, for the ReLU, the output, which the next layer keeps anyway. In float32 a mean of a thousand
 * deviations costs the scale's gradient three digits; making the normalised input again gains none of them.
 */
export function batchNormalised(
  x: tf.Tensor4D,
  scale: tf.Tensor,
  offset: tf.Tensor,
  moments: Moments,
  relu: boolean
): tf.Tensor4D {
  const output: tf.Tensor4D = withGradient([x, scale, offset], (x, scale, offset) => {
    const { value, mean, inverse } = normalise(x, scale, offset, moments, epsilon, relu)
    return {
      value,
      saved: [x, scale, mean, inverse],
      gradient: (g, [x, scale, mean, inverse]) =>
        fusedOr(batchNormGradient, {
          g,
          x: x as tf.Tensor4D,
          scale: scale!,
          mean: mean!,
          inverse: inverse!
        })
    }
  })
  return relu ? passingAboveZero(output) : output
}

/** `x · factor + offset` for each channel, and a ReLU if wanted; keeps the input and, for the ReLU, the output. */
export function rescaled(x: tf.Tensor4D, factor: tf.Tensor, offset: tf.Tensor, relu: boolean): tf.Tensor4D {
  const output: tf.Tensor4D = withGradient([x, factor, offset], (x, factor, offset) => ({
    value: affine(x, factor, offset, relu),
    saved: [x, factor],
    gradient: (g, [x, factor]) => [affine(g, factor!), tf.tidy(() => channelSums(tf.mul(g, x!))), channelSums(g)]
  }))
  return relu ? passingAboveZero(output) : output
}
