import '@tensorflow/tfjs-backend-cpu'
import { own, seeded } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { globalAveragePool } from './index.ts'

test('pooling takes the mean of each map and leaves rows alone', () => {
  const maps = seeded(1).normal([2, 3, 5, 4])
  const pooled = own(() => globalAveragePool(maps))
  read(tf.mean(maps, [1, 2])).forEach((value, i) => expect(read(pooled)[i]).toBeCloseTo(value, 5))
  const rows = tf.ones([2, 3])
  expect(globalAveragePool(rows)).toBe(rows)
})

test('says what it cannot take', () => {
  expect(() => globalAveragePool(tf.zeros([2, 3, 4]))).toThrow(
    'globalAveragePool: expected maps [batch, height, width, channels] or rows [batch, channels], got [2, 3, 4].'
  )
})
