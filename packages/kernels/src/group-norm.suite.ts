import type * as tf from '@tensorflow/tfjs-core'
import { groupNorm } from './group-norm.ts'
import { groupedShapes } from './grouped-shapes.ts'
import type { KernelSuite } from './kernel-suite.ts'

export const groupNormSuite: KernelSuite<typeof groupNorm> = {
  kernel: groupNorm,
  examples: random =>
    groupedShapes.flatMap(({ shape, groups }) =>
      [true, false].map(relu => ({
        inputs: {
          x: random.split('x').normal(shape, 5, 2) as tf.Tensor4D,
          scale: random.split('scale').normal([shape[3]!]),
          offset: random.split('offset').normal([shape[3]!])
        },
        attributes: { groups, epsilon: 1e-5, relu }
      }))
    )
}
