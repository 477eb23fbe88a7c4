import { detached } from '@lapstrake/core'
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

/** All numbers of a channel share, over the whole batch. */
export const overBatch: Share = means => tf.mean(means, [0, 1, 2])

/** The numbers of a group of channels share, in each image. */
export const overGroups =
  ([batch, , , channels]: readonly [number, number, number, number], groups: number): Share =>
  means => {
    const grouped = tf.mean(tf.reshape(means, [batch, groups, channels / groups]), 2, true)
    return tf.reshape(tf.tile(grouped, [1, 1, channels / groups]), [batch, 1, 1, channels])
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

/** What is normalised, and what the way back needs of its moments: the mean and `1 / √(variance + epsilon)`. */
export interface Normalised {
  readonly value: tf.Tensor4D
  readonly mean: tf.Tensor
  readonly inverse: tf.Tensor
}

/** `scale · (x - mean) / √(variance + epsilon) + offset`, and a ReLU if wanted. */
export function normalise(
  x: tf.Tensor,
  scale: tf.Tensor,
  offset: tf.Tensor,
  { mean, variance }: Moments,
  epsilon: number,
  relu: boolean
): Normalised {
  const inverse = tf.rsqrt(tf.add(variance, epsilon))
  const factor = tf.mul(scale, inverse)
  return { value: affine(x, factor, tf.sub(offset, tf.mul(mean, factor)), relu), mean, inverse }
}

/** What the gradient of a normalisation takes: what arrives, and what was normalised with which moments. */
export type GradientInputs = {
  readonly g: tf.Tensor4D
  readonly x: tf.Tensor4D
  readonly scale: tf.Tensor
  readonly mean: tf.Tensor
  readonly inverse: tf.Tensor
}

/**
 * To the input, the scale and the offset. Whole maps are freed as soon as they are used: they are what the peak of a
 * step is made of.
 *
 * With g what arrives, x̂ the normalised input and σ its deviation, that of the input is
 * (g · scale - mean(g · scale) - x̂ · mean(g · scale · x̂)) / σ.
 */
export const normaliseGradient = (
  { g, x, scale, mean, inverse }: GradientInputs,
  share: Share
): [tf.Tensor4D, tf.Tensor, tf.Tensor] =>
  tf.tidy(() => {
    const pixels = x.shape[1] * x.shape[2]
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
        ? affine(
            tf.tidy(() => tf.sub(g, tf.mul(x, tf.mul(share(meanGUnit), inverse)))),
            factor,
            rest
          )
        : (tf.sub(affine(g, factor), affine(x, slope, tf.neg(rest))) as tf.Tensor4D)
    return [dx, total(meanGUnit, pixels), total(meanG, pixels)]
  })

/**
 * `x · factor + offset` for each channel and a ReLU: in one pass where all images share the factors, as a depthwise
 * convolution of one pixel. No gradient passes: TensorFlow.js fuses a ReLU only where nothing is being recorded.
 */
export const affine = (
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

/** The sum of each channel over all pixels of all images, `[channels]`. */
export const channelSums = (x: tf.Tensor): tf.Tensor => total(imageMeans(x), x.shape[1]! * x.shape[2]!)

/** Sums over all pixels, `[channels]`, from the means of images of `pixels` pixels. */
const total = (means: tf.Tensor, pixels: number): tf.Tensor => tf.mul(tf.sum(means, [0, 1, 2]), pixels)

/** The mean of each channel of each image: a pooling of the whole map reads its input once, on every backend. */
function imageMeans(x: tf.Tensor): tf.Tensor4D {
  const [, height, width] = x.shape as [number, number, number, number]
  return tf.avgPool(x as tf.Tensor4D, [height, width], 1, 'valid')
}
