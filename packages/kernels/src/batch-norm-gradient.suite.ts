import type { Random, Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { batchNormGradient } from './batch-norm-gradient.ts'
import type { KernelSuite } from './kernel-suite.ts'
import { moments, overBatch, type GradientInputs } from './normalisation.ts'

export const batchNormGradientSuite: KernelSuite<typeof batchNormGradient> = {
  kernel: batchNormGradient,
  examples: random =>
    [
      [3, 1, 1, 3],
      [1, 4, 3, 1],
      [2, 5, 4, 6],
      [7, 9, 8, 32],
      [40, 16, 15, 13]
    ].map(shape => ({ inputs: example(random, shape), attributes: {} })),
  gradientOf: ({ g, x, scale }) => ({
    forward: (x, scale, offset) => {
      const mean = tf.mean(x, [0, 1, 2])
      const deviation = tf.sqrt(tf.add(tf.mean(tf.square(tf.sub(x, mean)), [0, 1, 2]), epsilon))
      return tf.add(tf.mul(tf.div(tf.sub(x, mean), deviation), scale), offset)
    },
    at: [x, scale, tf.zerosLike(scale)],
    arriving: g
  })
}

const epsilon = 1e-5

function example(random: Random, shape: Shape): GradientInputs {
  const x = random.split('x').normal(shape, 3) as tf.Tensor4D
  const { mean, variance } = moments(x, overBatch)
  return {
    g: random.split('g').normal(shape) as tf.Tensor4D,
    x,
    scale: random.split('scale').normal([shape[3]!]),
    mean,
    inverse: tf.rsqrt(tf.add(variance, epsilon))
  }
}
