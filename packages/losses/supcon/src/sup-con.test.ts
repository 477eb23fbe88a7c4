import { seeded, vjp, type Batch, type Views } from '@lapstrake/core'
import { gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { supCon, supConLoss, type SupConOptions } from './index.ts'

const forms = ['out', 'in', 'pairs'] as const
const rows = (seed: number, batch = 6, dim = 4): tf.Tensor2D => seeded(seed).normal([batch, dim]) as tf.Tensor2D
const value = (options: SupConOptions, embeddings: readonly tf.Tensor2D[], batch: Partial<Batch> = {}): number => {
  const views = embeddings as unknown as Views<tf.Tensor2D>
  return read(supCon(options)(views, { views, ...batch }))[0]!
}
const labels = (...classes: number[]): tf.Tensor1D => tf.tensor1d(classes, 'int32')

describe('closed forms', () => {
  test.each([
    ['out', 1],
    ['in', 1]
  ] as const)('at collapse, %s costs log(views · batch − 1) times the scale', (form, scale) => {
    const same = tf.ones<tf.Rank.R2>([5, 3])
    expect(value({ form, temperature: 0.1 }, [same, same], { labels: labels(0, 1, 0, 1, 2) })).toBeCloseTo(
      scale * Math.log(9),
      5
    )
    expect(
      value({ form, temperature: 0.1, baseTemperature: 0.07 }, [same, same], { labels: labels(0, 1, 0, 1, 2) })
    ).toBeCloseTo(Math.log(9) / 0.7, 4)
  })

  test('with one positive for each anchor all forms agree with NT-Xent written as plain loops', () => {
    const views = [rows(1, 4), rows(2, 4)]
    const unit = views.flatMap(view => view.arraySync().map(row => row.map(x => x / Math.hypot(...row))))
    let total = 0
    unit.forEach((z, i) => {
      const logits = unit.map(other => z.reduce((sum, x, d) => sum + x * other[d]!, 0) / 0.5)
      const denominator = logits.reduce((sum, s, j) => (j === i ? sum : sum + Math.exp(s)), 0)
      total += Math.log(denominator) - logits[(i + 4) % 8]!
    })
    for (const form of forms) expect(value({ form, temperature: 0.5 }, views)).toBeCloseTo(total / 8, 5)
  })

  test('by Jensen, positives inside the logarithm never cost more than outside', () => {
    const batch = { labels: labels(0, 0, 1, 1, 1, 2) }
    for (let seed = 0; seed < 5; seed++) {
      const views = [rows(seed), rows(seed + 10)]
      expect(value({ form: 'in' }, views, batch)).toBeLessThan(value({ form: 'out' }, views, batch) + 1e-6)
    }
  })
})

describe('what is alike', () => {
  test('a similarity of equal classes is the same as labels', () => {
    const views = [rows(1), rows(2)]
    const classes = [0, 1, 0, 2, 1, 0]
    const mask = tf.tensor2d(classes.map(a => classes.map(b => (a === b ? 1 : 0))))
    for (const form of forms)
      expect(value({ form }, views, { similarity: mask })).toBeCloseTo(
        value({ form }, views, { labels: labels(...classes) }),
        5
      )
  })

  test('a similarity may hold parts, and only their proportions within a row matter to the mean over anchors', () => {
    const views = [rows(1), rows(2)]
    const mask = seeded(3).uniform([6, 6])
    const doubled = tf.mul(mask, tf.tensor2d([[2], [1], [0.5], [3], [1], [0.1]]))
    for (const form of ['out', 'in'] as const) {
      expect(value({ form }, views, { similarity: doubled as tf.Tensor2D })).toBeCloseTo(
        value({ form }, views, { similarity: mask as tf.Tensor2D }),
        4
      )
      const f = (...given: tf.Tensor[]): tf.Scalar =>
        supConLoss(tf.stack(given, 1), { similarity: mask as tf.Tensor2D }, { form, temperature: 0.5 })
      expect(gradientError(f, views)).toBeLessThan(0.02)
    }
  })

  test('views may change places', () => {
    const [a, b, c] = [rows(1), rows(2), rows(3)]
    for (const form of forms) {
      expect(value({ form }, [a, b, c], { labels: labels(0, 1, 0, 2, 1, 0) })).toBeCloseTo(
        value({ form }, [c, a, b], { labels: labels(0, 1, 0, 2, 1, 0) }),
        5
      )
    }
  })

  test.each(forms)('%s: where nothing is alike it costs exactly zero, with a gradient of exactly zero', form => {
    const given = rows(1, 4)
    const batch = { labels: labels(0, 1, 2, 3) }
    for (const noPositive of ['zero', 'skip'] as const) {
      const views = [given] as unknown as Views<tf.Tensor2D>
      const { outputs, pull } = vjp(
        () => ({ outputs: [supCon({ form, noPositive })(views, { views, ...batch })], aux: null }),
        [given]
      )
      expect(read(outputs)[0]).toBeCloseTo(0, 9)
      expect(read(pull([tf.scalar(1)], [given], { last: true })[0]).every(slope => Math.abs(slope) === 0)).toBe(true)
    }
  })

  test('stays finite where a plain row maximum does not: long rows, not scaled, and a cold temperature', () => {
    const long = tf.mul(rows(1), 1e4) as tf.Tensor2D
    for (const form of forms) {
      expect(
        Number.isFinite(
          value({ form, normalise: false, temperature: 0.01 }, [long, rows(2)], { labels: labels(0, 0, 1, 1, 2, 2) })
        )
      ).toBe(true)
    }
  })
})

describe('clear errors', () => {
  const z = tf.ones<tf.Rank.R2>([4, 3])
  test.each<[() => unknown, string]>([
    [() => supCon({ temperature: 0 }), 'supCon: expected a temperature above 0, got 0. Try 0.1.'],
    [
      () => supCon({ baseTemperature: -1 }),
      'supCon: expected a baseTemperature above 0, got -1. Leave it out to scale nothing.'
    ],
    [
      () => value({}, [z, z], { labels: labels(0, 1, 2, 3), similarity: tf.eye(4) }),
      'supCon: expected labels or a similarity, got both.'
    ],
    [
      () => value({}, [z, z], { labels: labels(0, 1) }),
      'supCon: expected int32 labels of shape [4], one for each example, got int32 of shape [2].'
    ],
    [
      () => value({}, [z, z], { labels: tf.tensor1d([0, 1, 0, 1]) }),
      'supCon: expected int32 labels of shape [4], one for each example, got float32 of shape [4].'
    ],
    [
      () => value({}, [z, z], { similarity: tf.eye(3) }),
      'supCon: expected a similarity of shape [4, 4], a row and a column for each example, got [3, 3].'
    ],
    [
      () => value({}, [z]),
      'supCon: expected two or more views of each example, or labels or a similarity that say which are alike, ' +
        'got one view alone.'
    ],
    [() => value({}, [z, tf.ones([5, 3])]), 'supCon: expected views of one shape [batch, dim], got [4, 3] and [5, 3].'],
    [() => supConLoss(z), 'supCon: expected features [batch, views, ...], got [4, 3]. Stack the views along axis 1.']
  ])('%s', (act, message) => expect(act).toThrow(message))
})

test('examples without a label are like themselves alone', () => {
  const given = [seeded(1).normal([4, 3]), seeded(2).normal([4, 3])] as unknown as Views<tf.Tensor2D>
  const cost = (...labels: number[]): number =>
    read(supCon()(given, { views: given, labels: tf.tensor1d(labels, 'int32') }))[0]!
  expect(cost(-1, -1, 0, 0)).toBeCloseTo(cost(1, 2, 0, 0), 5)
  expect(cost(-1, -1, 0, 0)).not.toBeCloseTo(cost(1, 1, 0, 0), 2)
})

test('unknown choices are refused', () => {
  expect(() => supCon({ anchors: 'second' as 'first' })).toThrow(
    "supCon: expected anchors to be 'all' or 'first', got 'second'."
  )
  expect(() => supCon({ form: 'x' as 'in' })).toThrow("supCon: expected form to be 'out' or 'in' or 'pairs', got 'x'.")
  expect(() => supCon({ noPositive: 'x' as 'skip' })).toThrow(
    "supCon: expected noPositive to be 'zero' or 'skip', got 'x'."
  )
})
