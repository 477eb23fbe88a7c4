import * as tf from '@tensorflow/tfjs-core'
import type { KernelSuite } from './kernel-suite.ts'
import { mixColors } from './mix-colors.ts'

export const mixColorsSuite: KernelSuite<typeof mixColors> = {
  kernel: mixColors,
  examples: random =>
    [
      [1, 1, 1, 3],
      [5, 7, 6, 3],
      [3, 40, 37, 3],
      [33, 25, 27, 3]
    ].map(shape => ({
      inputs: {
        images: random.split('images').normal(shape) as tf.Tensor4D,
        matrices: random.split('matrices').normal([shape[0]!, 3, 3]) as tf.Tensor3D,
        luma: tf.tensor1d([0.3, 0.6, 0.1]),
        lifts: random.split('lifts').normal([shape[0]!])
      },
      attributes: {}
    }))
}
