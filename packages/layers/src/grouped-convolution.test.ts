import '@tensorflow/tfjs-backend-cpu'
import { seeded, vjp } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { convolveInGroups } from './grouped-convolution.ts'

test('a convolution in groups is the dense one with a kernel of blocks, and keeps its input and its kernel', () => {
  const [x, kernel] = [seeded(1).normal([2, 5, 4, 6]) as tf.Tensor4D, seeded(2).normal([3, 3, 2, 9]) as tf.Tensor4D]
  const dense = tf.concat(
    [0, 1, 2].map(g =>
      tf.pad(tf.slice(kernel, [0, 0, 0, 3 * g], [3, 3, 2, 3]), [
        [0, 0],
        [0, 0],
        [2 * g, 4 - 2 * g],
        [0, 0]
      ])
    ),
    3
  ) as tf.Tensor4D
  const grouped = convolveInGroups(x, kernel, 3)
  read(tf.conv2d(x, dense, 1, 'same')).forEach((value, i) => expect(read(grouped)[i]).toBeCloseTo(value, 4))
  const tensors = tf.memory().numTensors
  const { outputs, dispose } = vjp(() => ({ outputs: [convolveInGroups(x, kernel, 3)], aux: null }), [x, kernel])
  expect(tf.memory().numTensors).toBe(tensors + 3)
  dispose()
  outputs[0]!.dispose()
  expect(tf.memory().numTensors).toBe(tensors)
})
