import type * as tf from '@tensorflow/tfjs-core'
import { channelMoments } from './channel-moments.ts'
import type { KernelSuite } from './kernel-suite.ts'

export const channelMomentsSuite: KernelSuite<typeof channelMoments> = {
  kernel: channelMoments,
  examples: random =>
    [
      [1, 1, 1, 3],
      [1, 4, 3, 1],
      [2, 5, 4, 6],
      [7, 9, 8, 32],
      [40, 16, 15, 13]
    ].map(shape => ({ inputs: { x: random.normal(shape, 50, 2) as tf.Tensor4D }, attributes: {} }))
}
