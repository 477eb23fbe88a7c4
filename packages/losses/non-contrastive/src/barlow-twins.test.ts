import { seeded, vjp, type Views } from '@lapstrake/core'
import { describeLoss, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { barlowTwins, type BarlowTwinsOptions } from './index.ts'

describeLoss('barlowTwins', barlowTwins())
describeLoss('barlowTwins of more dimensions than examples', barlowTwins({ redundancy: 1 }), { batch: 5, dim: 9 })

const rows = (seed: number, batch = 6, dim = 4): tf.Tensor2D => seeded(seed).normal([batch, dim]) as tf.Tensor2D
const views = (...embeddings: tf.Tensor2D[]): Views<tf.Tensor2D> => embeddings as unknown as Views<tf.Tensor2D>
const value = (options: BarlowTwinsOptions, ...embeddings: tf.Tensor2D[]): number =>
  read(barlowTwins(options)(views(...embeddings), { views: views(...embeddings) }))[0]!

test('golden: dimensions that change places cost one for each on the diagonal and λ for each off it', () => {
  // Standardised already: C is the exchange [[0, 1], [1, 0]], so (1 − 0)² + (1 − 0)² + λ (1 + 1).
  const signs = tf.tensor2d([
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1]
  ])
  expect(value({ redundancy: 0.1, epsilon: 1e-9 }, signs, tf.reverse2d(signs, 1))).toBeCloseTo(2.2, 6)
  expect(value({ redundancy: 0.1, epsilon: 1e-9 }, signs, signs)).toBeCloseTo(0, 6)
})

test.each([
  [7, 3],
  [4, 4],
  [3, 7]
])('of %i examples and %i dimensions it agrees with the formula written as plain loops', (batch, dim) => {
  const embeddings = [rows(1, batch, dim), rows(2, batch, dim)]
  const [a, b] = embeddings.map(view => {
    const numbers = view.arraySync()
    const columns = numbers[0]!.map((_, j) => numbers.map(row => row[j]!))
    return columns.map(column => {
      const mean = column.reduce((sum, x) => sum + x) / batch
      const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / batch
      return column.map(x => (x - mean) / Math.sqrt(variance + 1e-5))
    })
  }) as [number[][], number[][]]
  let total = 0
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < dim; j++) {
      const correlation = a[i]!.reduce((sum, x, n) => sum + x * b[j]![n]!, 0) / batch
      total += i === j ? (1 - correlation) ** 2 : 0.3 * correlation ** 2
    }
  }
  expect(value({ redundancy: 0.3 }, ...embeddings)).toBeCloseTo(total, 4)
})

test('scale and offset of a dimension do not matter, and a view may change places with the other', () => {
  const [a, b] = [rows(1), rows(2)]
  const moved = tf.add(tf.mul(a, [0.5, 3, 100, 1]), [7, -2, 0, 1]) as tf.Tensor2D
  expect(value({}, moved, b)).toBeCloseTo(value({}, a, b), 3)
  expect(value({}, b, a)).toBeCloseTo(value({}, a, b), 5)
})

test('at collapse it costs the number of dimensions', () => {
  expect(value({}, tf.ones([5, 3]), tf.ones([5, 3]))).toBeCloseTo(3, 6)
})

test('a single example costs exactly zero, with a gradient of exactly zero', () => {
  const given = [rows(1, 1), rows(2, 1)]
  const { outputs, pull } = vjp(
    () => ({ outputs: [barlowTwins()(views(...given), { views: views(...given) })], aux: null }),
    given
  )
  expect([outputs[0], ...pull([tf.scalar(1)], given, { last: true })].flatMap(read).every(number => number === 0)).toBe(
    true
  )
})

test('rows too long for their squares cost what shorter ones do, with a gradient as much smaller', () => {
  const at = (factor: number): { value: number; slope: number[] } => {
    const given = [rows(1), rows(2)].map(view => tf.mul(view, factor) as tf.Tensor2D)
    const { outputs, pull } = vjp(
      () => ({ outputs: [barlowTwins()(views(...given), { views: views(...given) })], aux: null }),
      given
    )
    const [slope] = pull([tf.scalar(1)], given, { last: true })
    return { value: read(outputs[0]!)[0]!, slope: read(slope!).map(number => number * factor) }
  }
  const [known, long] = [at(1e3), at(1e20)]
  expect(long.value).toBeCloseTo(known.value, 4)
  long.slope.forEach((number, i) => expect(number).toBeCloseTo(known.slope[i]!, 3))
})

test.each<[() => unknown, string]>([
  [
    () => barlowTwins({ redundancy: -1 }),
    'barlowTwins: expected a weight of 0 or more for redundancy, got -1. Try 5e-3.'
  ],
  [() => barlowTwins({ epsilon: 0 }), 'barlowTwins: expected a small epsilon above 0, got 0. Try 1e-5.'],
  [
    () => value({}, rows(1)),
    'barlowTwins: expected two or more views of each example, got 1. Augment every image twice.'
  ],
  [
    () => value({}, rows(1), rows(2), rows(3)),
    'barlowTwins: expected two views, got 3. For more views use a loss that takes them, such as ntXent() or vicReg().'
  ],
  [
    () => value({}, rows(1), rows(2, 5)),
    'barlowTwins: expected views of one shape [batch, dim], got [6, 4] and [5, 4].'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
