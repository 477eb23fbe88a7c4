import { checkOptions } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Block } from './block.ts'
import { checkChannels, checkWhole } from './check-channels.ts'
import { convolutionKernel, strided } from './convolution.ts'

export interface DepthwiseOptions {
  /** Channels that enter, and come out. */
  readonly filters: number
  readonly stride?: number | undefined
  /** Height and width of the kernel, odd. */
  readonly size?: number | undefined
}

/**
 * Convolution of each channel by itself, without bias and with nothing behind it
 * (Howard et al. 2017, section 3.1, https://arxiv.org/abs/1704.04861). Padded alike on all sides as in PyTorch, so that
 * maps keep their size, or halve it upwards with a stride of two. Kernels `[size, size, 1, filters]` start with the
 * variance 2 / size².
 *
 * @throws RangeError if a number is not a whole one from 1 to 65536, the size is even and, at `init`, if the maps have
 * other than `filters` channels
 */
export function depthwise(options: DepthwiseOptions): Block {
  checkOptions<DepthwiseOptions>('depthwise', options, { filters: 'number', stride: 'number', size: 'number' })
  const { filters, stride = 1, size = 3 } = options
  for (const [name, value] of Object.entries({ filters, stride, size })) checkWhole('depthwise', name, value)
  if (size % 2 === 0)
    throw new RangeError(
      `depthwise: expected an odd size, which pads alike on all sides, got ${size}. Try ${size + 1}.`
    )
  return {
    filters,
    lengthAfter: length => strided(length, stride),
    init(random, channels) {
      checkChannels('depthwise', filters, channels)
      return { params: { kernel: convolutionKernel(random, size, filters, filters, filters) }, buffers: {} }
    },
    apply({ params }, input) {
      const { kernel } = params as { kernel: tf.Tensor4D }
      // TensorFlow.js has the channels on the axis before the last.
      const filter = tf.reshape(kernel, [size, size, filters, 1]) as tf.Tensor4D
      return { output: tf.depthwiseConv2d(input as tf.Tensor4D, filter, stride, (size - 1) / 2), buffers: {} }
    }
  }
}
