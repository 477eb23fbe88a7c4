import { seeded, type Views } from '@lapstrake/core'
import { describeLoss, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { myLoss } from './index.ts'

describeLoss('myLoss', myLoss())

const value = (...embeddings: readonly tf.Tensor2D[]): number =>
  read(myLoss()(embeddings as unknown as Views<tf.Tensor2D>))[0]!

test('equal views cost nothing, opposite ones four', () => {
  const rows = seeded(1).normal([4, 3]) as tf.Tensor2D
  expect(value(rows, rows)).toBeCloseTo(0, 6)
  expect(value(rows, tf.neg(rows))).toBeCloseTo(4, 5)
})

test('a weight that is not above 0 and a single view are refused', () => {
  expect(() => myLoss({ weight: 0 })).toThrow('myLoss: expected a weight above 0, got 0. Try 1.')
  expect(() => value(tf.ones([2, 3]))).toThrow('myLoss: expected two or more views of each example, got 1.')
})
