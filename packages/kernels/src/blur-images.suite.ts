import type * as tf from '@tensorflow/tfjs-core'
import { blurImages } from './blur-images.ts'
import type { KernelSuite } from './kernel-suite.ts'

export const blurImagesSuite: KernelSuite<typeof blurImages> = {
  kernel: blurImages,
  examples: random =>
    (
      [
        [1, 1, 1, 1, 3],
        [3, 5, 7, 3, 1],
        [2, 9, 33, 1, 7],
        [4, 3, 6, 5, 23],
        [2, 1, 9, 8, 3],
        [33, 25, 27, 3, 9]
      ] as const
    ).map(([count, height, width, channels, size]) => ({
      inputs: {
        images: random.split('images').normal([count, height, width, channels]) as tf.Tensor4D,
        weights: random.split('weights').uniform([count, size], 0.1, 1) as tf.Tensor2D
      },
      attributes: {}
    }))
}
