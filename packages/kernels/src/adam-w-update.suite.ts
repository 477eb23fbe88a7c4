import * as tf from '@tensorflow/tfjs-core'
import { adamWUpdate } from './adam-w-update.ts'
import type { KernelSuite } from './kernel-suite.ts'
import { parameterShapes } from './parameter-shapes.ts'

export const adamWUpdateSuite: KernelSuite<typeof adamWUpdate> = {
  kernel: adamWUpdate,
  examples: random =>
    parameterShapes.map(shape => ({
      inputs: {
        param: random.split('param').normal(shape),
        gradient: random.split('gradient').normal(shape),
        first: random.split('first').normal(shape),
        second: tf.square(random.split('second').normal(shape))
      },
      attributes: { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, kept: 0.99, rate: 0.02, unbiased: 0.6 }
    }))
}
