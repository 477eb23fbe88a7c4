import type { Random, Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { groupNormGradient } from './group-norm-gradient.ts'
import { groupedShapes } from './grouped-shapes.ts'
import type { KernelSuite } from './kernel-suite.ts'
import { moments, overGroups, type GradientInputs } from './normalisation.ts'

export const groupNormGradientSuite: KernelSuite<typeof groupNormGradient> = {
  kernel: groupNormGradient,
  examples: random =>
    groupedShapes.map(({ shape, groups }) => ({ inputs: example(random, shape, groups), attributes: { groups } })),
  gradientOf: ({ g, x, scale }, { groups }) => ({
    forward: (x, scale, offset) => {
      const [batch, height, width, channels] = x.shape as [number, number, number, number]
      const grouped = tf.reshape(x, [batch, height * width, groups, channels / groups])
      const mean = tf.mean(grouped, [1, 3], true)
      const deviation = tf.sqrt(tf.add(tf.mean(tf.square(tf.sub(grouped, mean)), [1, 3], true), epsilon))
      return tf.add(tf.mul(tf.reshape(tf.div(tf.sub(grouped, mean), deviation), x.shape), scale), offset)
    },
    at: [x, scale, tf.zerosLike(scale)],
    arriving: g
  })
}

const epsilon = 1e-5

function example(random: Random, shape: Shape, groups: number): GradientInputs {
  const x = random.split('x').normal(shape, 5, 2) as tf.Tensor4D
  const { mean, variance } = moments(x, overGroups(x.shape, groups))
  return {
    g: random.split('g').normal(shape, 1) as tf.Tensor4D,
    x,
    scale: random.split('scale').normal([shape[3]!]),
    mean,
    inverse: tf.rsqrt(tf.add(variance, epsilon))
  }
}
