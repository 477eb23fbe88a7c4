import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * A kernel with the variance 2 / (size² · filters), for layers that a ReLU follows (He et al. 2015, eq. 14,
 * https://arxiv.org/abs/1502.01852). A channel reaches only the filters of its group.
 */
export const convolutionKernel = (
  random: Random,
  size: number,
  channels: number,
  filters: number,
  groups = 1
): tf.Tensor4D =>
  random.normal(
    [size, size, channels / groups, filters],
    0,
    Math.sqrt((2 * groups) / (size * size * filters))
  ) as tf.Tensor4D

/**
 * Convolution without bias, padded alike on all sides as in PyTorch: a stride of two halves odd and even lengths
 * upwards.
 */
export const convolve = (x: tf.Tensor, kernel: tf.Tensor, stride = 1): tf.Tensor4D =>
  tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, stride, (kernel.shape[0]! - 1) / 2)

/** The length of an axis after a stride. */
export const strided = (length: number, stride: number): number => Math.floor((length - 1) / stride) + 1
