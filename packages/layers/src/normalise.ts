import { detached, fusedOr, withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Means over the numbers that share statistics, from the means of each image and channel `[batch, 1, 1, channels]`: one
 * for each channel, `[channels]`, or for each channel of each image, `[batch, 1, 1, channels]`. Which numbers share is
 * all that tells one normalisation from another.
 */
export type Share = (means: tf.Tensor) => tf.Tensor

/** In the shape that a {@link Share} gives. */
export interface Moments {
  readonly mean: tf.Tensor
  /** Biased: the mean of the squared distance from the mean. */
  readonly variance: tf.Tensor
}

export const epsilon = 1e-5

/** The mean of each channel of each image: a pooling of the whole map reads its input once, on every backend. */
export function imageMeans(x: tf.Tensor): tf.Tensor4D {
  const [, height, width] = x.shape as [number, number, number, number]
  return tf.avgPool(x as tf.Tensor4D, [height, width], 1, 'valid')
}

/**
 * Mean and variance; constants, no gradient passes through them.
 *
 * In two passes. The mean of squares less the square of the mean would save one, and lose all digits where the mean is
 * far from zero.
 */
export const moments = (x: tf.Tensor4D, share: Share): Moments =>
  detached(() =>
    tf.tidy(() => {
      const mean = share(imageMeans(x))
      return { mean, variance: share(imageMeans(tf.squaredDifference(x, mean))) }
    })
  )

/** The same where all images share, `[channels]` each. */
export const batchMoments = (x: tf.Tensor4D, share: Share): Moments =>
  detached(() => {
    const [mean, variance] = fusedOr('ChannelMoments', { x }, () => {
      const { mean, variance } = moments(x, share)
      return [mean, variance]
    })
    return { mean: mean!, variance: variance! }
  })

/**
 * `scale · (x - mean) / √(variance + epsilon) + offset`, and a ReLU if wanted, with the moments of `x` itself.
 *
 * With g what arrives (behind the ReLU), x̂ the normalised input and σ its deviation, the gradient is
 * (g · scale - mean(g · scale) - x̂ · mean(g · scale · x̂)) / σ. Keeps the input and, for the ReLU, the output, which
 * the next layer keeps anyway.
 *
 * In float32 a mean of a thousand deviations costs the scale's gradient three digits; making x̂ again gains none of
 * them.
 */
export function normalised(
  x: tf.Tensor4D,
  scale: tf.Tensor,
  offset: tf.Tensor,
  moments: Moments,
  share: Share,
  relu: boolean
): tf.Tensor4D {
  const output: tf.Tensor4D = withGradient([x, scale, offset], (x, scale, offset) => {
    const { value, mean, inverse } = forward(x, scale, offset, moments, relu)
    return {
      value,
      saved: [x, scale, mean, inverse],
      gradient: (g, [x, scale, mean, inverse]) =>
        fusedOr('BatchNormGradient', { g, x: x!, scale: scale!, mean: mean!, inverse: inverse! }, () =>
          backward(g, x!, scale!, mean!, inverse!, share)
        )
    }
  })
  return relu ? passingAboveZero(output) : output
}

/** The value, and what the way back needs of the moments: the mean and `1 / √(variance + epsilon)`. */
export function forward(
  x: tf.Tensor,
  scale: tf.Tensor,
  offset: tf.Tensor,
  { mean, variance }: Moments,
  relu: boolean
): { value: tf.Tensor4D; mean: tf.Tensor; inverse: tf.Tensor } {
  const inverse = tf.rsqrt(tf.add(variance, epsilon))
  const factor = tf.mul(scale, inverse)
  return { value: fused(x, factor, tf.sub(offset, tf.mul(mean, factor)), relu), mean, inverse }
}

/**
 * To the input, the scale and the offset. Whole maps are freed as soon as they are used: they are what the peak of a
 * step is made of.
 */
export const backward = (
  g: tf.Tensor4D,
  x: tf.Tensor,
  scale: tf.Tensor,
  mean: tf.Tensor,
  inverse: tf.Tensor,
  share: Share
): tf.Tensor[] =>
  tf.tidy(() => {
    const pixels = x.shape[1]! * x.shape[2]!
    const meanG = imageMeans(g)
    const meanGUnit = tf.mul(
      tf.sub(
        tf.tidy(() => imageMeans(tf.mul(g, x))),
        tf.mul(mean, meanG)
      ),
      inverse
    ) // of g · x̂
    const factor = tf.mul(scale, inverse)
    const slope = tf.mul(tf.mul(share(tf.mul(meanGUnit, scale)), inverse), inverse)
    const rest = tf.sub(tf.mul(slope, mean), tf.mul(share(tf.mul(meanG, scale)), inverse))
    // g · factor - x · slope + rest; where a channel has one slope, the factor is taken out of both: one map less at a
    // time.
    const dx =
      slope.rank === 1
        ? fused(
            tf.tidy(() => tf.sub(g, tf.mul(x, tf.mul(share(meanGUnit), inverse)))),
            factor,
            rest
          )
        : tf.sub(fused(g, factor), fused(x, slope, tf.neg(rest)))
    return [dx, total(meanGUnit, pixels), total(meanG, pixels)]
  })

/** What passes backward through a ReLU with this output. */
export const passedBack = (dy: tf.Tensor, output: tf.Tensor): tf.Tensor =>
  fusedOr('ReluGradient', { a: dy, b: output }, () => tf.tidy(() => tf.mul(dy, tf.step(output))))

/**
 * The backward half of a ReLU whose forward half is already done: the same map, through which a gradient passes only
 * where it is above zero. A step of its own, so that what arrives is freed before the next gradient is taken.
 */
export const passingAboveZero = (output: tf.Tensor4D): tf.Tensor4D =>
  withGradient([output], output => ({
    value: tf.clone(output) as tf.Tensor4D,
    saved: [output],
    gradient: (dy, [output]) => [passedBack(dy, output!)]
  }))

/** `x · factor + offset` for each channel, and a ReLU if wanted; keeps the input and, for the ReLU, the output. */
export function rescaled(x: tf.Tensor4D, factor: tf.Tensor, offset: tf.Tensor, relu: boolean): tf.Tensor4D {
  const pixels = x.shape[1] * x.shape[2]
  const output: tf.Tensor4D = withGradient([x, factor, offset], (x, factor, offset) => ({
    value: fused(x, factor, offset, relu),
    saved: [x, factor],
    gradient: (g, [x, factor]) => [
      fused(g, factor!),
      tf.tidy(() => total(imageMeans(tf.mul(g, x!)), pixels)),
      total(imageMeans(g), pixels)
    ]
  }))
  return relu ? passingAboveZero(output) : output
}

/**
 * `x · factor + offset` and a ReLU: in one pass where all images share the factors, as a depthwise convolution of one
 * pixel. TensorFlow.js fuses a ReLU only where nothing is being recorded, hence `detached`.
 */
const fused = (
  x: tf.Tensor,
  factor: tf.Tensor,
  offset: tf.Tensor = tf.zeros([x.shape[3]!]),
  relu = false
): tf.Tensor4D =>
  detached(() => {
    if (factor.rank === 1) {
      const filter = tf.reshape(factor, [1, 1, factor.size, 1]) as tf.Tensor4D
      return tf.fused.depthwiseConv2d({
        x: x as tf.Tensor4D,
        filter,
        strides: 1,
        pad: 'valid',
        bias: offset,
        activation: relu ? 'relu' : 'linear'
      })
    }
    return tf.tidy(() => {
      const moved = tf.add(tf.mul(x, factor), offset)
      return (relu ? tf.relu(moved) : moved) as tf.Tensor4D
    })
  })

/** Sums over all pixels, `[channels]`, from the means of images of `pixels` pixels. */
const total = (means: tf.Tensor, pixels: number): tf.Tensor => tf.mul(tf.sum(means, [0, 1, 2]), pixels)
