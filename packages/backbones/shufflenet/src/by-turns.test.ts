import '@tensorflow/tfjs-backend-cpu'
import { vjp } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { byTurns } from './by-turns.ts'

const pixel = (...channels: number[]): tf.Tensor4D => tf.tensor4d(channels, [1, 1, 1, channels.length])

test('channels of two maps take turns, gradients go back to where they came from, and nothing is kept', () => {
  const [left, right] = [pixel(1, 2, 3), pixel(4, 5, 6)]
  const tensors = tf.memory().numTensors
  const { outputs, pull } = vjp(() => ({ outputs: [byTurns(left, right)], aux: null }), [left, right])
  expect(tf.memory().numTensors).toBe(tensors + 1)
  expect(read(outputs[0])).toEqual([1, 4, 2, 5, 3, 6])
  const back = pull([pixel(1, 4, 2, 5, 3, 6)], [left, right], { last: true })
  expect(back.map(gradient => read(gradient))).toEqual([
    [1, 2, 3],
    [4, 5, 6]
  ])
})
