import '@tensorflow/tfjs-backend-cpu'
import { seeded, vjp, type Views } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { crossEntropy } from './index.ts'

const labelled = (...numbers: number[]): tf.Tensor1D => tf.tensor1d(numbers, 'int32')
const both = (logits: tf.Tensor2D): Views<tf.Tensor2D> => [logits, logits]
const value = (views: Views<tf.Tensor2D>, labels: tf.Tensor1D): number =>
  read(crossEntropy()(views, { views, labels }))[0]!

test('by hand: logits (0, log 3) give class 1 three quarters', () => {
  const views = both(tf.tensor2d([[0, Math.log(3)]]))
  expect(value(views, labelled(1))).toBeCloseTo(-Math.log(0.75), 6)
  expect(value(views, labelled(0))).toBeCloseTo(-Math.log(0.25), 6)
})

test('agrees with the formula written as plain loops', () => {
  const views = [0, 1, 2].map(seed => seeded(seed).normal([5, 4]) as tf.Tensor2D) as unknown as Views<tf.Tensor2D>
  const labels = [3, 0, 1, 1, 2]
  let total = 0
  for (const view of views) {
    const logits = view.arraySync()
    for (let i = 0; i < 5; i++) {
      let sum = 0
      for (let c = 0; c < 4; c++) sum += Math.exp(logits[i]![c]!)
      total -= Math.log(Math.exp(logits[i]![labels[i]!]!) / sum)
    }
  }
  expect(value(views, labelled(...labels))).toBeCloseTo(total / 15, 5)
})

test('an example without a label in range counts for nothing', () => {
  const logits = tf.tensor2d([
    [1, -2, 0.5],
    [0, 3, 1],
    [2, 2, -1]
  ])
  const views = both(logits)
  const known = both(tf.slice(logits, 0, 1))
  expect(value(views, labelled(2, -1, 3))).toBeCloseTo(value(known, labelled(2)), 6)
  expect(value(views, labelled(-1, -1, -1))).toBe(0)

  const { pull } = vjp(
    () => ({ outputs: [crossEntropy()(views, { views, labels: labelled(2, -1, 3) })], aux: null }),
    [logits]
  )
  const gradient = read(pull([tf.scalar(1)], [logits], { last: true })[0])
  expect(gradient.slice(0, 3).every(slope => slope !== 0)).toBe(true)
  expect(gradient.slice(3)).toEqual([0, 0, 0, 0, 0, 0])
})

test('logits of a million stay finite', () => {
  const views = both(tf.tensor2d([[1e6, -1e6]]))
  expect(value(views, labelled(0))).toBe(0)
  expect(value(views, labelled(1))).toBeCloseTo(2e6, 0)
})

test.each<[() => unknown, string]>([
  [
    () => {
      const views = both(tf.zeros([2, 3]))
      return crossEntropy()(views, { views })
    },
    'crossEntropy: expected labels in the batch, got none. Load the data with its labels, ' +
      'or choose a self-supervised loss.'
  ],
  [
    () => value(both(tf.zeros([2, 3])), labelled(0)),
    'crossEntropy: expected int32 labels of shape [2], one for each example, got int32 of shape [1]. ' +
      'Take images and labels from the same batch.'
  ],
  [
    () => value(both(tf.zeros([2, 3])), tf.tensor2d([[0], [1]], [2, 1], 'int32') as unknown as tf.Tensor1D),
    'crossEntropy: expected int32 labels of shape [2], one for each example, got int32 of shape [2, 1]. ' +
      'Lay them flat: tf.reshape(labels, [2]).'
  ],
  [
    () => value(both(tf.zeros([2, 3])), tf.tensor1d([0, 1])),
    'crossEntropy: expected int32 labels of shape [2], one for each example, got float32 of shape [2]. ' +
      "Make them with tf.tensor1d(labels, 'int32')."
  ],
  [
    () => value([tf.zeros([2, 3]), tf.zeros([3, 3])], labelled(0, 1)),
    'crossEntropy: expected views of the same examples, got 2 and 3 rows.'
  ],
  [
    () => value(both(tf.zeros([2]) as unknown as tf.Tensor2D), labelled(0, 1)),
    'crossEntropy: expected embeddings [batch, ...], a row of numbers for each example, got [2].'
  ],
  [
    () => value(both(tf.zeros([2, 3, 1]) as unknown as tf.Tensor2D), labelled(0, 1)),
    'crossEntropy: expected logits [batch, classes] for two or more classes, got [2, 3, 1].'
  ],
  [
    () => value(both(tf.zeros([0, 3])), tf.tensor1d([], 'int32')),
    'crossEntropy: expected a batch of one example or more, got none.'
  ],
  [
    () => value(both(tf.zeros([2, 1])), labelled(0, 0)),
    'crossEntropy: expected logits [batch, classes] for two or more classes, got [2, 1].'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
