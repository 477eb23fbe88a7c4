import '@tensorflow/tfjs-backend-cpu'
import { seeded, vjp, type Views } from '@lapstrake/core'
import { describeLoss, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { infoNCE, infoNCEAgainst, ntXent } from './index.ts'

describeLoss('ntXent', ntXent())
describeLoss('ntXent of three views, cold', ntXent({ temperature: 0.1 }), { views: 3 })
describeLoss('infoNCE', infoNCE({ temperature: 0.3 }))

const views = (...tensors: tf.Tensor[]): Views<tf.Tensor2D> => tensors as unknown as Views<tf.Tensor2D>
const value = (loss: ReturnType<typeof ntXent>, ...tensors: tf.Tensor[]): number =>
  read(loss(views(...tensors), { views: views(...tensors) }))[0]!

describe('values worked out by hand', () => {
  test.each([[1, 0.5514447139], [0.5, 0.2395447662], [0.2, 0.0133859017]])(
    'ntXent of two orthogonal pairs at temperature %f costs log(1 + 2e^(-1/t))', (temperature, expected) => {
      expect(value(ntXent({ temperature }), tf.eye(2), tf.eye(2))).toBeCloseTo(expected, 6)
      expect(Math.log(1 + 2 * Math.exp(-1 / temperature))).toBeCloseTo(expected, 9)
    })

  test('at collapse ntXent costs log(views · batch - 1)', () => {
    const same = tf.ones([5, 3])
    expect(value(ntXent(), same, same)).toBeCloseTo(Math.log(9), 6)
    expect(value(ntXent(), same, same, same)).toBeCloseTo(Math.log(14), 6)
  })

  test('at collapse infoNCE costs log(batch), and against M negatives log(M + 1)', () => {
    const same = tf.ones<tf.Rank.R2>([5, 3])
    expect(value(infoNCE(), same, same)).toBeCloseTo(Math.log(5), 6)
    expect(read(infoNCEAgainst(same, same, tf.ones<tf.Rank.R2>([7, 3])))[0]).toBeCloseTo(Math.log(8), 6)
  })

  test('with one example nothing is comparable: exactly zero, and so is the gradient', () => {
    const given = [seeded(1).normal([1, 3]), seeded(2).normal([1, 3])]
    for (const loss of [ntXent(), infoNCE()]) {
      const { outputs, pull } = vjp(() => ({ outputs: [loss(views(...given), { views: views(...given) })], aux: null }), given)
      expect(read(outputs)[0]).toBeCloseTo(0, 6)
      expect(pull([tf.scalar(1)], given, { last: true }).flatMap(read).every(value => Math.abs(value) < 1e-6)).toBe(true)
    }
  })

  test('infoNCE: two orthogonal pairs cost log(1 + e^(-1/t))', () => {
    expect(value(infoNCE({ temperature: 1 }), tf.eye(2), tf.eye(2))).toBeCloseTo(Math.log(1 + 1 / Math.E), 6)
  })
})

test.each([2, 3, 4])('ntXent of %i views agrees with the formula written as plain loops', count => {
  const rows = Array.from({ length: count }, (_, v) => seeded(v).normal([4, 5]))
  const unit = (row: number[]): number[] => row.map(x => x / Math.hypot(...row))
  const z = rows.map(view => (view.arraySync() as number[][]).map(unit))
  const similarity = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0) / 0.3
  let total = 0
  for (let v = 0; v < count; v++) {
    for (let i = 0; i < 4; i++) {
      let denominator = 0
      for (let w = 0; w < count; w++) for (let j = 0; j < 4; j++) if (v !== w || i !== j) denominator += Math.exp(similarity(z[v]![i]!, z[w]![j]!))
      for (let w = 0; w < count; w++) if (w !== v) total += (Math.log(denominator) - similarity(z[v]![i]!, z[w]![i]!)) / (count - 1)
    }
  }
  expect(value(ntXent({ temperature: 0.3 }), ...rows)).toBeCloseTo(total / (4 * count), 5)
})

test('a row of zeros gets a gradient of zeros', () => {
  const given = [tf.tensor2d([[0, 0], [1, 2], [3, -1]]), tf.tensor2d([[1, 1], [2, 1], [0, 1]])]
  for (const loss of [ntXent({ temperature: 0.01 }), infoNCE({ temperature: 0.01 })]) {
    const { pull } = vjp(() => ({ outputs: [loss(views(...given), { views: views(...given) })], aux: null }), given)
    expect(read(pull([tf.scalar(1)], given, { last: true })[0]).slice(0, 2).map(Math.abs)).toEqual([0, 0])
  }
})

test('infoNCE against the rows of the other examples is infoNCE within the batch', () => {
  const [query, key] = [seeded(1).normal([3, 4]), seeded(2).normal([3, 4])] as [tf.Tensor2D, tf.Tensor2D]
  const others = tf.stack([[1, 2], [0, 2], [0, 1]].map(rows => tf.gather(key, rows))) as tf.Tensor3D
  expect(read(infoNCEAgainst(query, key, others))[0]).toBeCloseTo(value(infoNCE(), query, key), 5)
})

test('ntXent keeps one matrix of all similarities for its backward pass', () => {
  const rows = 128
  const given = [seeded(1).normal([rows, 8]), seeded(2).normal([rows, 8])]
  const before = tf.memory().numBytes
  const { outputs, dispose } = vjp(() => ({ outputs: [ntXent()(views(...given), { views: views(...given) })], aux: null }), given)
  const kept = tf.memory().numBytes - before
  const matrix = (2 * rows) ** 2 * 4
  expect(kept).toBeGreaterThan(matrix)
  expect(kept).toBeLessThan(1.2 * matrix)
  dispose()
  outputs[0]!.dispose()
  expect(tf.memory().numBytes).toBe(before)
})

describe('clear errors', () => {
  const z = tf.ones([4, 3])
  test.each<[() => unknown, string]>([
    [() => ntXent({ temperature: 0 }), 'ntXent: expected a temperature above 0, got 0. Try 0.1.'],
    [() => infoNCE({ temperature: NaN }), 'infoNCE: expected a temperature above 0, got NaN.'],
    [() => value(ntXent(), z), 'ntXent: expected two or more views of each example, got 1.'],
    [() => value(ntXent(), z, tf.ones([5, 3])), 'ntXent: expected views of one shape [batch, dim], got [4, 3] and [5, 3].'],
    [() => value(infoNCE(), z, z, z), 'infoNCE: expected two views, got 3. For more views use ntXent().'],
    [() => infoNCEAgainst(z as tf.Tensor2D, z as tf.Tensor2D, tf.ones<tf.Rank.R2>([7, 2])), 'infoNCEAgainst: expected query and positive [batch, dim]']
  ])('%s', (act, message) => expect(act).toThrow(message))
})
