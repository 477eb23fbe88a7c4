import { detached, withGradient, type Buffers, type Mode, type Params } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** A layer that scales its input to mean 0 and variance 1, then by what it learned; a ReLU may follow at no cost. */
export interface Norm {
  init(channels: number): { readonly params: Params; readonly buffers: Buffers }
  apply(
    variables: { readonly params: Params; readonly buffers: Buffers }, input: tf.Tensor, mode: Mode, options?: NormOptions
  ): { readonly output: tf.Tensor4D; readonly buffers: Buffers }
}

export interface NormOptions {
  /** Whether a ReLU follows. */
  readonly relu?: boolean
}

type Named = Readonly<Record<string, tf.Tensor>>
const epsilon = 1e-5

/**
 * Statistics of each channel over a batch `[batch, height, width, channels]`; at inference, their moving averages
 * (Ioffe & Szegedy 2015, algorithm 1, https://arxiv.org/abs/1502.03167). Momentum 0.1, epsilon 1e-5 and an unbiased running
 * variance, as in PyTorch.
 */
export const batchNorm = (): Norm => ({
  init: channels => ({
    params: { scale: tf.ones([channels]), offset: tf.zeros([channels]) },
    buffers: { mean: tf.zeros([channels]), variance: tf.ones([channels]) }
  }),
  apply({ params, buffers }, input, { training }, { relu = false } = {}) {
    const { scale, offset } = params as Named
    const running = buffers as Named
    const x = input as tf.Tensor4D
    if (!training) {
      const factor = tf.mul(scale!, tf.rsqrt(tf.add(running.variance!, epsilon)))
      return { output: rescaled(x, factor, tf.sub(offset!, tf.mul(running.mean!, factor)), relu), buffers }
    }
    const count = x.size / x.shape[3]
    const { mean, variance } = detached(() => channelMoments(x))
    const towards = (old: tf.Tensor, now: tf.Tensor): tf.Tensor => tf.add(tf.mul(old, 0.9), tf.mul(now, 0.1))
    const unbiased = tf.mul(variance, count / Math.max(1, count - 1))
    return {
      output: normalised(x, scale!, offset!, mean, variance, relu),
      buffers: detached(() => ({ mean: towards(running.mean!, mean), variance: towards(running.variance!, unbiased) }))
    }
  }
})

/**
 * The mean of each channel over batch and space, `[channels]`: image by image with a pooling of the whole map, which reads
 * its input once on every backend and sums few numbers at a time, then over the images.
 */
function channelMeans(x: tf.Tensor): tf.Tensor1D {
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  const pooled = tf.avgPool(x as tf.Tensor4D, [height, width], 1, 'valid')
  return tf.mean(tf.reshape(pooled, [batch, channels]), 0)
}

/**
 * Mean and biased variance of each channel. The variance is taken about the first pixel's value, so that no digits are lost
 * where the mean is far from zero.
 */
const channelMoments = (x: tf.Tensor4D): { mean: tf.Tensor1D; variance: tf.Tensor1D } => tf.tidy(() => {
  const pivot = tf.reshape(tf.slice(x, [0, 0, 0, 0], [1, 1, 1, x.shape[3]]), [x.shape[3]])
  const centred = tf.sub(x, pivot)
  const mean = channelMeans(centred)
  const square = channelMeans(tf.square(centred))
  return { mean: tf.add(mean, pivot) as tf.Tensor1D, variance: tf.maximum(tf.sub(square, tf.square(mean)), 0) as tf.Tensor1D }
})

/** `x · factor + offset` for each channel, and a ReLU if wanted, in one pass: a depthwise convolution of one pixel. */
function rescaled(x: tf.Tensor4D, factor: tf.Tensor, offset: tf.Tensor, relu: boolean): tf.Tensor4D {
  return tf.fused.depthwiseConv2d({
    x, filter: tf.reshape(factor, [1, 1, x.shape[3], 1]), strides: 1, pad: 'valid',
    bias: tf.reshape(offset, [x.shape[3]]), activation: relu ? 'relu' : 'linear'
  })
}

/**
 * Normalisation with the statistics of the batch itself, whose gradient is known in closed form: with g what arrives (behind
 * the ReLU), it is scale/σ · (g - mean(g) - x̂ · mean(g · x̂)). Keeps the input and, for the ReLU, the output, which
 * the next layer keeps anyway.
 */
function normalised(
  x: tf.Tensor4D, scale: tf.Tensor, offset: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, relu: boolean
): tf.Tensor4D {
  const count = x.size / x.shape[3]
  return withGradient([x, scale, offset], (x, scale, offset) => {
    const inverse = tf.rsqrt(tf.add(variance, epsilon))
    const factor = tf.mul(scale, inverse)
    const output = rescaled(x, factor, tf.sub(offset, tf.mul(mean, factor)), relu)
    return {
      value: output,
      saved: [x, scale, mean, inverse, ...(relu ? [output] : [])],
      gradient(dy, [x, scale, mean, inverse, output]) {
        // Whole maps are freed as soon as they are used: they are what the peak of a step is made of.
        const g = output === undefined ? dy : tf.tidy(() => tf.mul(dy, tf.step(output)))
        const meanG = channelMeans(g)
        const meanGx = tf.tidy(() => channelMeans(tf.mul(g, x!)))
        const meanGUnit = tf.mul(tf.sub(meanGx, tf.mul(mean!, meanG)), inverse!) // the mean of g · x̂
        const factor = tf.mul(scale!, inverse!)
        const slope = tf.neg(tf.mul(tf.mul(factor, inverse!), meanGUnit))
        const rest = tf.neg(tf.add(tf.mul(factor, meanG), tf.mul(slope, mean!)))
        const dx = tf.tidy(() => tf.add(
          rescaled(g as tf.Tensor4D, factor, tf.zerosLike(rest), false), rescaled(x as tf.Tensor4D, slope, rest, false)))
        return [dx, tf.mul(meanGUnit, count), tf.mul(meanG, count)]
      }
    }
  })
}

/**
 * Statistics of each group of channels of each example: nothing is remembered, and batches may be small
 * (Wu & He 2018, eq. 7, https://arxiv.org/abs/1803.08494).
 *
 * @throws RangeError, at `init`, if the groups do not divide the channels
 */
export const groupNorm = ({ groups = 32 }: { readonly groups?: number } = {}): Norm => ({
  init(channels) {
    const count = Math.min(groups, channels)
    if (channels % count !== 0) {
      throw new RangeError(`groupNorm: expected groups that divide ${channels} channels, got ${groups}. Try ${greatestDivisor(channels, groups)}.`)
    }
    return { params: { scale: tf.ones([channels]), offset: tf.zeros([channels]) }, buffers: {} }
  },
  apply({ params, buffers }, input, _, { relu = false } = {}) {
    const { scale, offset } = params as Named
    const [batch, height, width, channels] = input.shape as [number, number, number, number]
    const count = Math.min(groups, channels)
    const grouped = tf.reshape(input, [batch, height * width, count, channels / count])
    const centred = tf.sub(grouped, tf.mean(grouped, [1, 3], true))
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), [1, 3], true), epsilon))
    const unit = tf.reshape(tf.mul(centred, inverse), [batch, height, width, channels])
    const output = tf.add(tf.mul(unit, scale!), offset!) as tf.Tensor4D
    return { output: relu ? tf.relu(output) : output, buffers }
  }
})

function greatestDivisor(channels: number, most: number): number {
  let divisor = Math.min(most, channels)
  while (channels % divisor !== 0) divisor--
  return divisor
}

/** The normalisation a backbone asks for by name. */
export function normOf(kind: 'batch' | 'group'): Norm {
  if (kind === 'batch') return batchNorm()
  if (kind === 'group') return groupNorm()
  throw new RangeError(`norm: expected 'batch' or 'group', got ${JSON.stringify(kind)}.`)
}
