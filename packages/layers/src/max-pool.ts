import * as tf from '@tensorflow/tfjs-core'
import type { Block } from './block.ts'
import { checkChannels } from './check-channels.ts'
import { strided } from './convolution.ts'

/**
 * The largest of 3×3 pixels with a stride of two, padded alike on all sides as in PyTorch: the pooling in a ResNet's
 * stem (He et al. 2016, table 1, https://arxiv.org/abs/1512.03385). For maps of `filters` channels, which stay.
 *
 * @throws RangeError at `init` if the maps have other than `filters` channels
 */
export const maxPool = (filters: number): Block => ({
  filters,
  lengthAfter: length => strided(length, 2),
  init(_, channels) {
    checkChannels('maxPool', filters, channels)
    return { params: {}, buffers: {} }
  },
  apply: (_, input) => ({ output: tf.maxPool(input as tf.Tensor4D, 3, 2, 1), buffers: {} })
})
