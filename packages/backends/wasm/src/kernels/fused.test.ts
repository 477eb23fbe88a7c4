import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { close, random, run } from './fused-testing.ts'

beforeAll(() => registerWasm({ threads: 2 }))

describe.each([
  [1, 1, 1, 3],
  [2, 5, 4, 6],
  [7, 9, 8, 32],
  [40, 16, 15, 13]
])('normalisation of [%i, %i, %i, %i]', (...shape) => {
  const channels = shape[3]
  test('moments', () =>
    tf.tidy(() => {
      const x = tf.add(tf.mul(random(1, ...shape), 2), 50)
      const { mean, variance } = tf.moments(x, [0, 1, 2])
      close(run('ChannelMoments', { x }), [mean, variance])
    }))

  test('gradient', () =>
    tf.tidy(() => {
      const [x, g, scale] = [tf.add(random(1, ...shape), 3), random(2, ...shape), random(3, channels)]
      const { mean, variance } = tf.moments(x, [0, 1, 2])
      const inverse = tf.rsqrt(tf.add(variance, 1e-5))
      const unit = tf.mul(tf.sub(x, mean), inverse)
      const overBatch = (y: tf.Tensor): tf.Tensor => tf.mean(y, [0, 1, 2])
      const dx = tf.mul(
        tf.sub(tf.sub(g, overBatch(g)), tf.mul(unit, overBatch(tf.mul(g, unit)))),
        tf.mul(scale, inverse)
      )
      close(run('BatchNormGradient', { g, x, scale, mean, inverse }), [
        dx,
        tf.sum(tf.mul(g, unit), [0, 1, 2]),
        tf.sum(g, [0, 1, 2])
      ])
    }))
})

test('a ReLU backward, and one of a sum', () =>
  tf.tidy(() => {
    const [a, b] = [random(1, 5, 7), tf.relu(random(2, 5, 7))]
    close(run('ReluGradient', { a, b }), [tf.mul(a, tf.step(b))], 0)
    close(run('ReluOfSum', { a, b }), [tf.relu(tf.add(a, b))], 0)
  }))

test.each([[1], [4], [7, 5], [64, 64]])('steps of optimizers on %i numbers and more', (...shape) =>
  tf.tidy(() => {
    const [param, gradient, first] = [random(1, ...shape), random(2, ...shape), random(3, ...shape)]
    const second = tf.square(random(4, ...shape))
    const attrs = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, kept: 0.99, rate: 0.02, unbiased: 1.5 }
    const m = tf.add(tf.mul(first, 0.9), tf.mul(gradient, 0.1))
    const v = tf.add(tf.mul(second, 0.99), tf.mul(tf.square(gradient), 0.01))
    const step = tf.div(m, tf.add(tf.sqrt(tf.mul(v, 1.5)), 1e-8))
    close(
      run('AdamWUpdate', { param, gradient, first, second }, attrs),
      [tf.sub(tf.mul(param, 0.99), tf.mul(step, 0.02)), m, v],
      1e-5
    )
    for (const nesterov of [true, false]) {
      const decayed = tf.add(gradient, tf.mul(param, 0.1))
      const velocity = tf.add(tf.mul(first, 0.9), decayed)
      const direction = nesterov ? tf.add(decayed, tf.mul(velocity, 0.9)) : velocity
      close(
        run('MomentumUpdate', { param, gradient, velocity: first }, { momentum: 0.9, decay: 0.1, rate: 0.5, nesterov }),
        [tf.sub(param, tf.mul(direction, 0.5)), velocity],
        1e-5
      )
    }
    for (const adapts of [true, false]) {
      const decayed = tf.add(gradient, tf.mul(param, 0.1))
      const ratio = adapts ? tf.div(tf.mul(tf.norm(param), 0.02), tf.norm(decayed)) : 1
      const velocity = tf.add(tf.mul(first, 0.9), tf.mul(tf.mul(decayed, ratio), 0.5))
      close(
        run(
          'LarsUpdate',
          { param, gradient, velocity: first },
          { momentum: 0.9, decay: 0.1, rate: 0.5, trust: 0.02, adapts }
        ),
        [tf.sub(param, velocity), velocity],
        1e-5
      )
    }
    const still = run(
      'LarsUpdate',
      { param: tf.zerosLike(param), gradient, velocity: first },
      { momentum: 0, decay: 0.1, rate: 0.5, trust: 0.02, adapts: true }
    )
    close(still, [tf.mul(gradient, -0.5), tf.mul(gradient, 0.5)], 0)
  })
)
