import * as tf from '@tensorflow/tfjs-core'
import type { KernelSuite } from './kernel-suite.ts'
import { reluGradient } from './relu-gradient.ts'

export const reluGradientSuite: KernelSuite<typeof reluGradient> = {
  kernel: reluGradient,
  examples: random =>
    [[1], [5, 7], [1, 3, 3, 1], [9, 21, 19, 37]].map(shape => ({
      inputs: { dy: random.split('dy').normal(shape), y: tf.relu(random.split('y').normal(shape)) },
      attributes: {}
    })),
  gradientOf: ({ dy, y }) => ({ forward: x => tf.relu(x), at: [y], arriving: dy })
}
