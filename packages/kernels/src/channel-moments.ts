import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { moments, overBatch } from './normalisation.ts'
import { mapShape } from './shape-rules.ts'

type Inputs = { readonly x: tf.Tensor4D }
type Results = readonly [mean: tf.Tensor, variance: tf.Tensor]

/** Mean and biased variance of each channel over a batch of maps. */
export const channelMoments: FusedKernel<Inputs, NoAttributes, Results> = {
  name: 'ChannelMoments',
  shapes({ x }) {
    const [, , , channels] = mapShape('channelMoments', 'x', x)
    return [[channels], [channels]]
  },
  multiplyAdds: () => 0,
  composed({ x }) {
    const { mean, variance } = moments(x, overBatch)
    return [mean, variance]
  }
}
