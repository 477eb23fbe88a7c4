import { seeded, vjp, type Batch, type Loss, type Views } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  contrastiveHinge,
  contrastiveLogistic,
  contrastiveMargins,
  contrastiveZeroOne,
  hingeLoss,
  logisticLoss
} from './index.ts'

const views = (rows: number, count = 2): Views<tf.Tensor2D> =>
  Array.from({ length: count }, (_, v) => seeded(v).normal([rows, 4])) as unknown as Views<tf.Tensor2D>
const value = (loss: Loss, embeddings: Views<tf.Tensor2D>): number =>
  read(loss(embeddings, { views: embeddings } as Batch))[0]!

test('golden: with one negative at a margin of 0, every loss costs 1', () => {
  const same = [tf.ones([4, 3]), tf.ones([4, 3])] as unknown as Views<tf.Tensor2D>
  for (const make of [contrastiveLogistic, contrastiveHinge, contrastiveZeroOne])
    expect(value(make(), same)).toBeCloseTo(1, 6)
  expect(value(contrastiveLogistic({ negatives: 3 }), same)).toBeCloseTo(2, 6) // log₂(1 + 3)
})

test('agrees with the tuples written out', () => {
  const [features, ...block] = views(6, 3)
  const rows = (tensor: tf.Tensor): number[][] => tensor.arraySync() as number[][]
  const [f, p, q] = [rows(features), rows(block[0]!), rows(block[1]!)]
  const mean = (i: number): number[] => p[i]!.map((x, d) => (x + q[i]![d]!) / 2)
  const tuple = (i: number): number => {
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0)
    const margins = [1, 2].map(k => dot(f[i]!, mean(i)) - dot(f[i]!, mean((i + k) % 6)))
    return Math.log2(1 + margins.reduce((sum, margin) => sum + Math.exp(-margin), 0))
  }
  const average = (of: number[]): number => of.reduce((sum, i) => sum + tuple(i), 0) / of.length
  expect(
    value(contrastiveLogistic({ negatives: 2 }), [features, ...block] as unknown as Views<tf.Tensor2D>)
  ).toBeCloseTo(average([0, 1, 2, 3, 4, 5]), 5)
  expect(
    value(contrastiveLogistic({ negatives: 2, anchors: 'tuples' }), [
      features,
      ...block
    ] as unknown as Views<tf.Tensor2D>)
  ).toBeCloseTo(average([0, 3]), 5)
})

describe('edges', () => {
  test('a batch of one has nothing to compare: exactly 0, with a gradient of 0', () => {
    const embeddings = views(1)
    const { outputs, pull } = vjp(
      () => ({ outputs: [contrastiveLogistic()(embeddings, { views: embeddings })], aux: null }),
      embeddings
    )
    const pulled = pull([tf.scalar(1)], embeddings, { last: true }).flatMap(gradient => read(gradient))
    expect(read(outputs)).toEqual([0])
    expect(pulled.every(slope => slope === 0)).toBe(true)
    expect(pulled).toHaveLength(8)
  })

  test('margins of millions cost a clamped exponent and stay finite', () => {
    expect(read(logisticLoss(tf.tensor2d([[-1e6]])))[0]).toBeCloseTo(64 / Math.LN2, 3)
    expect(read(hingeLoss(tf.tensor2d([[-1e6]])))[0]).toBe(1_000_001)
  })

  test('options and shapes that do not fit are refused', () => {
    expect(() => contrastiveLogistic({ negatives: 0 })).toThrow(
      'contrastiveLogistic: expected 1 or more negatives, got 0. Try 1.'
    )
    expect(() => value(contrastiveHinge({ negatives: 4 }), views(4))).toThrow(
      'contrastiveHinge: expected more than 4 examples, for each has 4 negatives, got 4.'
    )
    expect(() => value(contrastiveZeroOne({ negatives: 2, anchors: 'tuples' }), views(4))).toThrow(
      'contrastiveZeroOne: expected whole tuples of 3 examples, got a batch of 4.'
    )
    expect(() => value(contrastiveLogistic(), [views(2)[0]] as unknown as Views<tf.Tensor2D>)).toThrow(
      'expected two or more views'
    )
    expect(() => contrastiveMargins(tf.ones([2, 3]), tf.ones([2, 1, 3]), tf.ones([2, 1, 1, 4]))).toThrow(
      'contrastiveMargins: expected features [batch, dim]'
    )
  })
})
