import { withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { describeIsolation, describeLoss, describeOptimizer, describeStage, gradientError } from './index.ts'

/** The sum of squares, whose gradient is `factor` times too steep. */
const steep =
  (factor: number) =>
  (x: tf.Tensor): tf.Scalar =>
    withGradient([x], x => ({
      value: tf.sum(tf.square(x)) as tf.Scalar,
      saved: [x],
      gradient: (dy, [x]) => [tf.mul(dy, tf.mul(x!, 2 * factor))]
    }))

test('a right gradient agrees with finite differences, a wrong one does not', () => {
  const x = tf.tensor1d([1, -2, 0.5])
  expect(gradientError(steep(1), [x])).toBeLessThan(1e-3)
  expect(gradientError(steep(1.1), [x])).toBeGreaterThan(0.05)
  expect(gradientError(steep(-1), [x])).toBeGreaterThan(0.5)
})

test('checking leaves nothing behind', () => {
  const x = tf.tensor1d([1, 2])
  const before = tf.memory().numTensors
  gradientError(steep(1), [x])
  expect(tf.memory().numTensors).toBe(before)
})

test('there is a suite for every kind of plugin', () => {
  for (const suite of [describeLoss, describeStage, describeIsolation, describeOptimizer])
    expect(suite).toBeTypeOf('function')
})
