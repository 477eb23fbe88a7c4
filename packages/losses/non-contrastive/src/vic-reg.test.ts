import { seeded, vjp, type Views } from '@lapstrake/core'
import { describeLoss, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { vicReg, type VICRegOptions } from './index.ts'

describeLoss('vicReg', vicReg())
describeLoss('vicReg of three views', vicReg({ covariance: 10 }), { views: 3 })
describeLoss('vicReg of more dimensions than examples', vicReg({ deviation: 2 }), { batch: 5, dim: 9 })

const rows = (seed: number, batch = 6, dim = 4): tf.Tensor2D => seeded(seed).normal([batch, dim]) as tf.Tensor2D
const views = (...embeddings: tf.Tensor2D[]): Views<tf.Tensor2D> => embeddings as unknown as Views<tf.Tensor2D>
const value = (options: VICRegOptions, ...embeddings: tf.Tensor2D[]): number =>
  read(vicReg(options)(views(...embeddings), { views: views(...embeddings) }))[0]!

test('golden: two dimensions that move as one, half a step apart', () => {
  const a = tf.tensor2d([
    [0, 0],
    [0.5, 0.5]
  ])
  const b = tf.tensor2d([
    [0.5, 0.5],
    [1, 1]
  ])
  // Variances and covariances are 1/8. s = 1/4; v = 1 − √(1/8 + ε); c = 2 (1/8)² / 2, twice.
  const hinge = 1 - Math.sqrt(1 / 8 + 1e-4)
  expect(value({ invariance: 1, variance: 0, covariance: 0 }, a, b)).toBeCloseTo(1 / 4, 6)
  expect(value({ invariance: 0, variance: 1, covariance: 0 }, a, b)).toBeCloseTo(hinge, 6)
  expect(value({ invariance: 0, variance: 0, covariance: 1 }, a, b)).toBeCloseTo(1 / 32, 6)
  expect(value({}, a, b)).toBeCloseTo(25 / 4 + 25 * hinge + 1 / 32, 4)
})

test.each([
  [2, 7, 3],
  [2, 4, 4],
  [3, 3, 7]
])(
  'of %i views, %i examples and %i dimensions it agrees with the formula written as plain loops',
  (count, batch, dim) => {
    const options = { invariance: 3, variance: 5, covariance: 2, deviation: 1.5, epsilon: 1e-3 }
    const embeddings = Array.from({ length: count }, (_, view) => rows(view, batch, dim))
    const numbers = embeddings.map(view => view.arraySync())
    const invariance = (a: number[][], b: number[][]): number =>
      a.flatMap((row, n) => row.map((x, i) => (x - b[n]![i]!) ** 2)).reduce((sum, x) => sum + x) / (batch * dim)
    const regularity = (z: number[][]): { v: number; c: number } => {
      const means = z[0]!.map((_, i) => z.reduce((sum, row) => sum + row[i]!, 0) / batch)
      const covariance = (i: number, j: number): number =>
        z.reduce((sum, row) => sum + (row[i]! - means[i]!) * (row[j]! - means[j]!), 0) / (batch - 1)
      let [v, c] = [0, 0]
      for (let i = 0; i < dim; i++) {
        v += Math.max(0, options.deviation - Math.sqrt(covariance(i, i) + options.epsilon)) / dim
        for (let j = 0; j < dim; j++) if (i !== j) c += covariance(i, j) ** 2 / dim
      }
      return { v, c }
    }
    let [total, pairs] = [0, 0]
    for (let a = 0; a < count; a++) {
      for (let b = a + 1; b < count; b++) {
        const [left, right] = [regularity(numbers[a]!), regularity(numbers[b]!)]
        total += 3 * invariance(numbers[a]!, numbers[b]!) + (5 * (left.v + right.v)) / 2 + 2 * (left.c + right.c)
        pairs++
      }
    }
    expect(value(options, ...embeddings) / (total / pairs)).toBeCloseTo(1, 5)
  }
)

test('views may change places, and an offset shared by all rows does not matter', () => {
  const [a, b, c] = [rows(1), rows(2), rows(3)]
  expect(value({}, c, a, b)).toBeCloseTo(value({}, a, b, c), 4)
  const offset = tf.tensor1d([1, -2, 3, 5])
  expect(value({}, tf.add(a, offset), tf.add(b, offset))).toBeCloseTo(value({}, a, b), 4)
})

test('at collapse it costs what the hinge does', () => {
  expect(value({}, tf.ones([5, 3]), tf.ones([5, 3]))).toBeCloseTo(25 * 0.99, 4)
})

test('a single example costs exactly zero, with a gradient of exactly zero', () => {
  const given = [rows(1, 1), rows(2, 1)]
  const { outputs, pull } = vjp(
    () => ({ outputs: [vicReg()(views(...given), { views: views(...given) })], aux: null }),
    given
  )
  expect([outputs[0], ...pull([tf.scalar(1)], given, { last: true })].flatMap(read).every(number => number === 0)).toBe(
    true
  )
})

test.each<[() => unknown, string]>([
  [() => vicReg({ invariance: -1 }), 'vicReg: expected a weight of 0 or more for invariance, got -1. Try 25.'],
  [() => vicReg({ variance: NaN }), 'vicReg: expected a weight of 0 or more for variance, got NaN. Try 25.'],
  [
    () => vicReg({ covariance: Infinity }),
    'vicReg: expected a weight of 0 or more for covariance, got Infinity. Try 1.'
  ],
  [() => vicReg({ deviation: 0 }), 'vicReg: expected a deviation above 0, got 0. Try 1.'],
  [() => vicReg({ epsilon: 0 }), 'vicReg: expected a small epsilon above 0, got 0. Try 1e-4.'],
  [() => value({}, rows(1)), 'vicReg: expected two or more views of each example, got 1. Augment every image twice.'],
  [() => value({}, rows(1), rows(2, 5)), 'vicReg: expected views of one shape [batch, dim], got [6, 4] and [5, 4].']
])('%s', (act, message) => expect(act).toThrow(message))
