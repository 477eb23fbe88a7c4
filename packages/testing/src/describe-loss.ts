import { leaves, own, seeded, vjp, type Batch, type Buffers, type LocalLoss, type Random, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { gradientError } from './gradient-error.ts'
import { read } from './read.ts'

export interface LossSuite {
  /** Views of each example. */
  readonly views?: number
  readonly batch?: number
  readonly dim?: number
  /** Labels lie in [0, classes). */
  readonly classes?: number
  /** Promises that this loss cannot keep, each with the reason: `{ 'every view': 'the second view is a constant target' }`. */
  readonly except?: Partial<Record<LossPromise, string>>
}

type LossPromise = 'every view' | 'order' | 'finite differences'

/**
 * The promises every loss keeps: one finite scalar, the same for the same arguments; a gradient for every view that agrees
 * with finite differences; finite for rows of zeros, repeated rows and long rows; indifferent to the order of the examples;
 * arguments untouched and nothing left behind.
 */
export function describeLoss(name: string, loss: LocalLoss, options: LossSuite = {}): void {
  const { views: count = 2, batch: rows = 6, dim = 5, classes = 3, except = {} } = options
  const random = seeded(11).split(name)
  const promise = (title: string, excuse: LossPromise | undefined, check: () => void): void => {
    const reason = excuse && except[excuse]
    if (reason !== undefined) test.skip(`${title} (not promised: ${reason})`, () => {})
    else test(title, check)
  }

  describe(`${name} keeps the promises of a loss`, () => {
    test('one finite number, the same for the same arguments', () => {
      const { views, batch } = example(random, count, rows, dim, classes)
      const first = evaluate(loss, views, batch, dim)
      expect(first).toHaveLength(1)
      expect(Number.isFinite(first[0])).toBe(true)
      expect(evaluate(loss, views, batch, dim)).toEqual(first)
    })

    promise('a gradient reaches every view', 'every view', () => {
      const { views, batch } = example(random, count, rows, dim, classes)
      for (const gradient of gradientsOf(loss, views, batch, dim)) {
        expect(gradient.some(value => value !== 0)).toBe(true)
      }
    })

    promise('the gradient agrees with finite differences', 'finite differences', () => {
      const { views, batch } = example(random, count, rows, dim, classes)
      const memory = memoryOf(loss, dim)
      const f = (...inputs: tf.Tensor[]): tf.Scalar => apply(loss, inputs as unknown as Views<tf.Tensor2D>, batch, memory)
      expect(gradientError(f, views)).toBeLessThan(0.02)
    })

    test.each<[string, (views: readonly tf.Tensor2D[]) => tf.Tensor2D[]]>([
      ['a row of zeros', views => views.map(view => tf.concat([tf.zeros([1, dim]), tf.slice(view, 1)]) as tf.Tensor2D)],
      ['repeated rows', views => views.map(view => tf.tile(tf.slice(view, 0, 1), [rows, 1]))],
      ['rows a thousand times as long', views => views.map(view => tf.mul(view, 1000))],
      ['rows a million times as short', views => views.map(view => tf.mul(view, 1e-6))]
    ])('loss and gradient stay finite for %s', (_, change) => {
      const { views, batch } = example(random, count, rows, dim, classes)
      const changed = change(views) as unknown as Views<tf.Tensor2D>
      expect(evaluate(loss, changed, batch, dim).every(Number.isFinite)).toBe(true)
      expect(gradientsOf(loss, changed, batch, dim).flat().every(Number.isFinite)).toBe(true)
    })

    promise('the order of the examples does not matter', 'order', () => {
      const { views, batch } = example(random, count, rows, dim, classes)
      const order = tf.tensor1d([...random.split('order').permutation(rows)], 'int32')
      const shuffled = views.map(view => tf.gather(view, order)) as unknown as Views<tf.Tensor2D>
      const labels = tf.gather(batch.labels!, order)
      const indices = tf.gather(batch.indices!, order)
      const [value] = evaluate(loss, views, batch, dim)
      expect(evaluate(loss, shuffled, { ...batch, views: shuffled, labels, indices }, dim)[0]).toBeCloseTo(value!, 4)
    })

    test('arguments are untouched, and nothing is left behind', () => {
      const { views, batch } = example(random, count, rows, dim, classes)
      const memory = memoryOf(loss, dim)
      const before = [...views.flatMap(read), ...read(memory)]
      const tensors = tf.memory().numTensors
      tf.tidy(() => {
        gradientsOf(loss, views, batch, dim)
        apply(loss, views, batch, memory)
      })
      expect(tf.memory().numTensors).toBe(tensors)
      expect([...views.flatMap(read), ...read(memory)]).toEqual(before)
    })
  })
}

function example(random: Random, count: number, rows: number, dim: number, classes: number): { views: Views<tf.Tensor2D>; batch: Batch } {
  const views = Array.from({ length: count }, (_, v) => random.split('view', v).normal([rows, dim])) as unknown as Views<tf.Tensor2D>
  const labels = tf.tensor1d(Array.from({ length: rows }, (_, i) => i % classes), 'int32')
  const indices = tf.tensor1d(Array.from({ length: rows }, (_, i) => i), 'int32')
  return { views, batch: { views, labels, indices } }
}

const memoryOf = (loss: LocalLoss, dim: number): Buffers => (typeof loss === 'function' ? {} : loss.init(seeded(5), dim))

const apply = (loss: LocalLoss, views: Views<tf.Tensor2D>, batch: Batch, memory: Buffers): tf.Scalar =>
  typeof loss === 'function' ? loss(views, batch) : loss.apply(views, batch, memory).loss

const evaluate = (loss: LocalLoss, views: Views<tf.Tensor2D>, batch: Batch, dim: number): number[] =>
  read(own(() => apply(loss, views, batch, memoryOf(loss, dim))))

function gradientsOf(loss: LocalLoss, views: Views<tf.Tensor2D>, batch: Batch, dim: number): number[][] {
  const memory = memoryOf(loss, dim)
  const { pull } = vjp(() => ({ outputs: [apply(loss, views, batch, memory)], aux: null }), leaves<tf.Tensor>([...views]))
  return pull([tf.scalar(1)], views, { last: true }).map(gradient => (gradient === undefined ? [] : read(gradient)))
}
