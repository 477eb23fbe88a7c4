import { seeded } from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { myStage } from './index.ts'

describeStage('myStage', myStage({ dim: 3 }), { inputShape: [5] })

test('rows come out from -1 to 1, and zeros stay zeros at first', () => {
  const stage = myStage({ dim: 3 })
  const { params, buffers, outputShape } = stage.init(seeded(1), [5])
  expect(outputShape).toEqual([3])
  const of = (rows: tf.Tensor): number[] => read(stage.apply({ params, buffers }, rows, { training: false }).output)
  expect(of(tf.zeros([2, 5]))).toEqual([0, 0, 0, 0, 0, 0])
  expect(Math.max(...of(tf.mul(seeded(2).normal([4, 5]), 100)).map(Math.abs))).toBeLessThanOrEqual(1)
})

test('a dim of nothing and maps are refused', () => {
  expect(() => myStage({ dim: 0 })).toThrow('myStage: expected a dim of 1 or more, got 0. Try { dim: 64 }.')
  expect(() => myStage({ dim: 3 }).init(seeded(1), [4, 4, 2])).toThrow('myStage: expected rows [batch, inputs]')
})
