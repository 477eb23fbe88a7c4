import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import { gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { offDiagonalSquares } from './off-diagonal-squares.ts'

test.each([
  [2, 5],
  [5, 5],
  [6, 5],
  [5, 1],
  [1, 4]
])('of %i rows and %i columns: the squares of aᵀb but for its diagonal', (batch, dim) => {
  const [a, b] = [seeded(1).normal([batch, dim]), seeded(2).normal([batch, dim])] as [tf.Tensor2D, tf.Tensor2D]
  const products = tf.matMul<tf.Tensor2D>(a, b, true).arraySync()
  const expected = products.flatMap((row, i) => row.map((x, j) => (i === j ? 0 : x ** 2))).reduce((sum, x) => sum + x)
  expect(read(offDiagonalSquares(a, b))[0]).toBeCloseTo(expected, 4)
  if (dim > 1)
    expect(gradientError((a, b) => offDiagonalSquares(a as tf.Tensor2D, b as tf.Tensor2D), [a, b])).toBeLessThan(0.02)
})
