import '@tensorflow/tfjs-backend-cpu'
import type { Views } from '@lapstrake/core'
import { describeLoss, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { crossEntropy } from './index.ts'

describeLoss('crossEntropy', crossEntropy(), { dim: 3, classes: 3 })

const both = (logits: tf.Tensor2D): Views<tf.Tensor2D> => [logits, logits]

test('by hand: logits (0, log 3) give class 1 three quarters', () => {
  const views = both(tf.tensor2d([[0, Math.log(3)]]))
  expect(read(crossEntropy()(views, { views, labels: tf.tensor1d([1], 'int32') }))[0]).toBeCloseTo(-Math.log(0.75), 6)
  expect(read(crossEntropy()(views, { views, labels: tf.tensor1d([0], 'int32') }))[0]).toBeCloseTo(-Math.log(0.25), 6)
})

test('a batch without labels, or with too few, is refused', () => {
  const views = both(tf.zeros([2, 3]))
  expect(() => crossEntropy()(views, { views })).toThrow('crossEntropy: expected labels in the batch, got none.')
  expect(() => crossEntropy()(views, { views, labels: tf.tensor1d([0], 'int32') })).toThrow('crossEntropy: expected 2 labels, one for each example, got 1.')
})
