import { seeded, vjp, type Views } from '@lapstrake/core'
import { gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  checkPositive,
  checkTemperature,
  checkViews,
  contrastRows,
  enqueue,
  filledRows,
  logSumExpRows,
  normaliseRows,
  rowQueue,
  softmaxRows,
  squaredDistances,
  targetsOf,
  transposedTimes,
  zeroLoss
} from './index.ts'

const rows = (seed: number, count: number, dim = 4): tf.Tensor2D => seeded(seed).normal([count, dim]) as tf.Tensor2D
const numbers = (tensor: tf.Tensor): number[] => read(tensor)
const expectClose = (found: tf.Tensor, expected: tf.Tensor, digits = 5): void =>
  numbers(found).forEach((value, i) => expect(value).toBeCloseTo(numbers(expected)[i]!, digits))

describe('normaliseRows', () => {
  test('gives rows of length one in the same direction, of any rank, however long or short they were', () => {
    for (const scale of [1e-6, 1, 1e4, 1e30]) {
      const given = tf.mul(rows(1, 3), scale) as tf.Tensor2D
      numbers(tf.sum(tf.square(normaliseRows(given)), 1)).forEach(length => expect(length).toBeCloseTo(1, 5))
      expectClose(normaliseRows(given), normaliseRows(rows(1, 3)))
    }
    expect(normaliseRows(tf.ones([2, 3, 4])).shape).toEqual([2, 3, 4])
  })

  test('leaves a row of zeros, with a gradient of zero, and is right elsewhere', () => {
    const given = tf.concat2d([tf.zeros([1, 4]), rows(2, 2)], 0)
    const { outputs, pull } = vjp(() => ({ outputs: [normaliseRows(given)], aux: null }), [given])
    expect(numbers(outputs[0]!).slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(numbers(pull([tf.ones([3, 4])], [given], { last: true })[0]!).slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(gradientError(x => tf.sum(tf.square(tf.sub(normaliseRows(x), 0.3))), [rows(2, 3)])).toBeLessThan(0.01)
  })
})

describe('contrastRows', () => {
  const weights = tf.tensor1d([0.5, 1, 0.2, 2])
  const cost = (z: tf.Tensor, a: tf.Tensor, chunk?: number): tf.Scalar =>
    contrastRows(z as tf.Tensor2D, a as tf.Tensor1D, weights, {
      temperature: 0.3,
      ...(chunk !== undefined && { chunk })
    })

  test('is the formula written as plain loops, in tiles of any size, also where some rows only answer', () => {
    for (const count of [4, 6]) {
      const [z, attracted] = [rows(1, count), seeded(2).normal([4])]
      const [numbersOfRows, attractions] = [z.arraySync(), numbers(attracted)]
      const expected = numbers(weights).reduce((sum, weight, i) => {
        const others = numbersOfRows
          .filter((_, j) => j !== i)
          .map(other => Math.exp(other.reduce((total, x, d) => total + x * numbersOfRows[i]![d]!, 0) / 0.3))
        return sum + weight * (Math.log(others.reduce((a, b) => a + b, 0)) - attractions[i]!)
      }, 0)
      for (const chunk of [undefined, 1, 3, 100]) expect(numbers(cost(z, attracted, chunk))[0]).toBeCloseTo(expected, 4)
      expect(gradientError((z, a) => cost(z!, a!, 3), [z, attracted])).toBeLessThan(0.01)
    }
  })

  test('a row alone costs exactly zero', () => {
    expect(numbers(contrastRows(rows(1, 1), tf.tensor1d([3]), tf.tensor1d([1]), { temperature: 1 }))).toEqual([0])
  })
})

describe('a queue of rows', () => {
  test('begins with random directions, or empty', () => {
    const full = rowQueue(seeded(1), { size: 5, dim: 4 })
    numbers(tf.sum(tf.square(full.rows), 1)).forEach(length => expect(length).toBeCloseTo(1, 5))
    expect(filledRows(full).shape).toEqual([5, 4])
    expect(filledRows(rowQueue(seeded(1), { size: 5, dim: 4, fill: 'empty' })).shape).toEqual([0, 4])
    expect(() => rowQueue(seeded(1), { size: 1.5, dim: 4 })).toThrow(
      'rowQueue: expected a size of 1 or more rows, got 1.5.'
    )
  })

  test.each([
    [5, 3],
    [4, 4],
    [3, 7],
    [1, 2]
  ])('of %i holds the newest rows under batches of %i', (size, batch) => {
    let queue = rowQueue(seeded(1), { size, dim: 2, fill: 'empty' })
    const seen: number[] = []
    for (let step = 0; step < 5; step++) {
      const first = step * batch
      queue = enqueue(queue, tf.tensor2d(Array.from({ length: batch }, (_, i) => [first + i, 0])))
      seen.push(...Array.from({ length: batch }, (_, i) => first + i))
      const held = filledRows(queue)
        .arraySync()
        .map(([value]) => value!)
        .sort((a, b) => a - b)
      expect(held).toEqual(seen.slice(-size))
      expect(queue.filled).toBe(Math.min(size, seen.length))
    }
  })

  test('takes no rows for what they are, and refuses rows of another length', () => {
    const queue = rowQueue(seeded(1), { size: 3, dim: 2 })
    expect(enqueue(queue, tf.zeros([0, 2]))).toBe(queue)
    expect(() => enqueue(queue, tf.ones([1, 3]))).toThrow(
      'enqueue: expected rows of 2 numbers, as the queue holds, got 3. Make a new queue.'
    )
  })
})

test('softmaxRows gives the softmax and what it was divided by, for logits of any size', () => {
  for (const scale of [1, 1000]) {
    const logits = tf.mul(rows(3, 4, 6), scale) as tf.Tensor2D
    const { probability, logTotal } = softmaxRows(logits)
    expectClose(probability, tf.softmax(logits))
    numbers(tf.div(logTotal, tf.logSumExp(logits, 1, true))).forEach(ratio => expect(ratio).toBeCloseTo(1, 5))
  }
})

test('logSumExpRows is log Σ exp of each row, with the softmax for a gradient', () => {
  for (const scale of [1, 1000]) {
    const logits = tf.mul(rows(3, 4, 6), scale) as tf.Tensor2D
    numbers(tf.div(logSumExpRows(logits), tf.logSumExp(logits, 1, true))).forEach(ratio =>
      expect(ratio).toBeCloseTo(1, 5)
    )
    const { pull } = vjp(() => ({ outputs: [logSumExpRows(logits)], aux: null }), [logits])
    expectClose(pull([tf.ones([4, 1])], [logits], { last: true })[0]!, tf.softmax(logits))
  }
})

test('squaredDistances are of every pair and never below zero; their gradient is finite for equal rows', () => {
  const [a, b] = [rows(4, 3), rows(5, 5)]
  expectClose(squaredDistances(a, b), tf.sum(tf.squaredDifference(tf.expandDims(a, 1), tf.expandDims(b, 0)), 2))
  const { outputs, pull } = vjp(() => ({ outputs: [squaredDistances(a, a)], aux: null }), [a])
  expect(Math.min(...numbers(outputs[0]!))).toBeGreaterThanOrEqual(0)
  expect(numbers(pull([tf.ones([3, 3])], [a], { last: true })[0]!).every(Number.isFinite)).toBe(true)
})

test('transposedTimes is a product with a transposed factor', () => {
  expectClose(transposedTimes(rows(6, 5, 3), rows(7, 5, 2)), tf.matMul(rows(6, 5, 3), rows(7, 5, 2), true))
})

test('zeroLoss is exactly zero, with a gradient of exactly zero for every row', () => {
  const given = rows(8, 3)
  const { outputs, pull } = vjp(() => ({ outputs: [zeroLoss(given)], aux: null }), [given])
  expect(numbers(outputs[0]!)).toEqual([0])
  expect(numbers(pull([tf.scalar(1)], [given], { last: true })[0]!)).toEqual(new Array(12).fill(0))
})

test('checks speak for whoever asks', () => {
  expect(() => checkPositive('mine', 'width', 0, 'Try 3.')).toThrow('mine: expected a width above 0, got 0. Try 3.')
  expect(() => checkTemperature('mine', -1)).toThrow('mine: expected a temperature above 0, got -1. Try 0.1.')
  expect(() => checkViews('mine', [rows(1, 2)])).toThrow('mine: expected two or more views of each example, got 1.')
  expect(() => checkViews('mine', [rows(1, 2), rows(1, 3)])).toThrow(
    'mine: expected views of one shape [batch, dim], got [2, 4] and [3, 4].'
  )
  expect(() => checkViews('mine', [rows(1, 2)], 1)).not.toThrow()
  expect(() => checkViews('mine', [tf.zeros([0, 3]), tf.zeros([0, 3])])).toThrow(
    'mine: expected a batch of one example or more, got none. Leave empty batches out.'
  )
  expect(() => checkViews('mine', [rows(1, 2), tf.cast(rows(1, 2), 'int32')])).toThrow(
    'mine: expected embeddings of float32, which have gradients, got int32.'
  )
  const two: Views<tf.Tensor2D> = [rows(1, 2), rows(2, 2)]
  expect(targetsOf('mine', two, two)).toBe(two)
  expect(() => targetsOf('mine', two, undefined)).toThrow('mine: expected a target network, got none.')
  expect(() => targetsOf('mine', two, [...two, rows(3, 2)])).toThrow(
    'mine: expected a target for each of 2 views, got 3. Let the target network see the same views.'
  )
})
