import {
  leaves,
  mapViews,
  own,
  seeded,
  vjp,
  type Batch,
  type LocalLoss,
  type Reduction,
  type Shape,
  type Views
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { gradientError } from './gradient-error.ts'
import { apply, example, variablesFor, variablesOf, type Example } from './loss-example.ts'
import { badInputs, expectEveryViewToCount, expectRefusal } from './loss-refusals.ts'
import type { LossPromise, LossSuite, ReducedLoss } from './loss-suite.ts'
import { read } from './read.ts'

/**
 * The promises every loss keeps: one finite scalar, the same for the same arguments; a gradient for every view that
 * agrees with finite differences, also within a `tf.grad` of one's own; finite for rows of zeros, repeated rows and
 * long rows, and right, or no number, for rows beyond the squares of float32; indifferent to the order of the examples;
 * no examples, integers, rows that are none, labels that are no classes and other numbers of views refused by name,
 * before anything is computed; arguments untouched and nothing left behind. And of one with a `reduction`: rows that
 * make up the loss, their sum, and the gradient of each.
 */
export function describeLoss(name: string, loss: LocalLoss, options: LossSuite = {}): void {
  const { batch: rows = 6, dim = 5, shape = [dim], tolerance = 0.02, except = {} } = options
  const random = seeded(11).split(name)
  const draw = (): Example => example(random, { ...options, batch: rows, shape })
  const promise = (title: string, excuse: LossPromise | undefined, check: () => void): void => {
    const reason = excuse && except[excuse]
    if (reason !== undefined) test.skip(`${title} (not promised: ${reason})`, () => {})
    else test(title, check)
  }

  describe(`${name} keeps the promises of a loss`, () => {
    test('one finite number, the same for the same arguments', () => {
      const { views, batch } = draw()
      const first = evaluate(loss, views, batch, shape)
      expect(first).toHaveLength(1)
      expect(Number.isFinite(first[0])).toBe(true)
      expect(evaluate(loss, views, batch, shape)).toEqual(first)
    })

    promise('a gradient reaches every view', 'every view', () => {
      const { views, batch } = draw()
      for (const gradient of gradientsOf(loss, views, batch, shape)) {
        expect(gradient.some(value => value !== 0)).toBe(true)
      }
    })

    promise('the gradient agrees with finite differences', 'finite differences', () => {
      const { views, batch } = draw()
      const variables = variablesOf(loss, shape, options.teacher)
      const f = (...inputs: tf.Tensor[]): tf.Scalar =>
        apply(
          loss,
          mapViews(views, (_, place) => inputs[place] as tf.Tensor2D),
          batch,
          variables
        )
      expect(gradientError(f, views)).toBeLessThan(tolerance)
    })

    promise('it works within tf.grad', 'tf.grad', () => {
      const { views, batch } = draw()
      const variables = variablesOf(loss, shape, options.teacher)
      const ofAll = tf.grad(all =>
        apply(
          loss,
          mapViews(views, (_, place) => tf.slice(all, place * rows, rows) as tf.Tensor2D),
          batch,
          variables
        )
      )
      const found = read(own(() => ofAll(tf.concat<tf.Tensor>([...views]))))
      const expected = gradientsOf(loss, views, batch, shape).flatMap(gradient =>
        gradient.length === 0 ? read(tf.zeros([rows, ...shape])) : gradient
      )
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * largest))
    })

    for (const [title, change] of hardCases(shape))
      promise(`loss and gradient stay finite for ${title}`, 'finite', () => {
        const { views, batch } = draw()
        const changed = mapViews(views, change)
        expect(evaluate(loss, changed, batch, shape).every(Number.isFinite)).toBe(true)
        expect(gradientsOf(loss, changed, batch, shape).flat().every(Number.isFinite)).toBe(true)
      })

    const ofRowsTimes = (factor: number): number => {
      const { views, batch } = draw()
      return evaluate(
        loss,
        mapViews(views, view => tf.mul(view, factor)),
        batch,
        shape
      )[0]!
    }
    promise('of rows 10²⁰ times as long it is right, or no number, and never another', 'extremes', () => {
      const [far, further] = [ofRowsTimes(1e3), ofRowsTimes(1e6)]
      const furthest = ofRowsTimes(1e20)
      if (!Number.isFinite(furthest)) return
      // Where length has stopped to matter, it does not begin again; where it has not, neither does it stop.
      if (isAbout(far, further)) expect(isAbout(further, furthest), `${further} became ${furthest}`).toBe(true)
      else expect(Math.abs(furthest)).toBeGreaterThan(Math.abs(further))
    })

    promise('of rows 10²⁵ times as short it is what it is of short rows, or of zeros', 'extremes', () => {
      const shortest = ofRowsTimes(1e-25)
      const known = [ofRowsTimes(1e-6), ofRowsTimes(0)]
      expect(
        known.some(value => isAbout(value, shortest)),
        `${shortest} is none of ${known.join(' and ')}`
      ).toBe(true)
    })

    if (options.reducing) describeRows(loss, { ...options, shape }, options.reducing, draw, promise)

    promise('the order of the examples does not matter', 'order', () => {
      const { views, batch } = draw()
      const order = tf.tensor1d([...random.split('order').permutation(rows)], 'int32')
      const [value] = evaluate(loss, views, batch, shape)
      const [other] = evaluate(loss, inOrder(views, order), batchInOrder(batch, order), shape)
      expect(other! / value!).toBeCloseTo(1, 4)
    })

    const ready = (): ((example: Example) => tf.Scalar) => {
      const variables = variablesOf(loss, shape, options.teacher)
      return ({ views, batch }) => apply(loss, views, batch, variables)
    }
    for (const input of badInputs(options)) {
      promise(`${input.title} are refused by name`, 'refusals', () => expectRefusal(ready(), draw(), input))
    }
    promise('other numbers of views are refused by name, or all of them count', 'refusals', () =>
      expectEveryViewToCount(ready(), draw(), except['every view'] !== undefined)
    )

    test('arguments are untouched, and nothing is left behind', () => {
      const { views, batch } = draw()
      const variables = variablesOf(loss, shape, options.teacher)
      const before = [...views.flatMap(read), ...read(variables)]
      const tensors = tf.memory().numTensors
      tf.tidy(() => {
        gradientsOf(loss, views, batch, shape)
        apply(loss, views, batch, variables)
      })
      expect(tf.memory().numTensors).toBe(tensors)
      expect([...views.flatMap(read), ...read(variables)]).toEqual(before)
    })
  })
}

/** What a loss promises whose rows can be had one by one. */
function describeRows(
  loss: LocalLoss,
  { shape = [], teacher, tolerance = 0.02, meanOf = mean }: LossSuite,
  reducing: (reduction: Reduction) => ReducedLoss,
  draw: () => Example,
  promise: (title: string, excuse: LossPromise | undefined, check: () => void) => void
): void {
  const rowsOf = ({ views, batch }: Example): tf.Tensor1D => {
    const each = reducing('none')
    return apply<tf.Tensor1D>(each, views, batch, variablesOf(each, shape, teacher))
  }
  const weightsFor = (rows: number): tf.Tensor1D => seeded(7).uniform([rows], -1, 2) as tf.Tensor1D

  test('its rows are finite numbers, which make up the loss and its sum', () => {
    const given = draw()
    const rows = own(() => rowsOf(given))
    expect(rows.rank).toBe(1)
    const each = read(rows)
    expect(each.every(Number.isFinite)).toBe(true)
    const size = each.reduce((most, cost) => Math.max(most, Math.abs(cost)), 1)
    const [whole] = evaluate(loss, given.views, given.batch, shape)
    for (const one of [loss, reducing('mean')])
      expect(Math.abs(evaluate(one, given.views, given.batch, shape)[0]! - meanOf(each))).toBeLessThan(1e-5 * size)
    expect(evaluate(reducing('mean'), given.views, given.batch, shape)).toEqual([whole])
    const total = each.reduce((sum, cost) => sum + cost, 0)
    const [sum] = evaluate(reducing('sum'), given.views, given.batch, shape)
    expect(Math.abs(sum! - total)).toBeLessThan(1e-5 * size * each.length)
  })

  promise('gradients of its rows, weighed at random, agree with finite differences', 'finite differences', () => {
    const given = draw()
    const f = (...inputs: tf.Tensor[]): tf.Scalar => {
      const rows = rowsOf({ ...given, views: mapViews(given.views, (_, place) => inputs[place] as tf.Tensor2D) })
      return tf.sum(tf.mul(rows, weightsFor(rows.size)))
    }
    expect(gradientError(f, given.views)).toBeLessThan(tolerance)
  })

  test('gradients of its rows, all alike, are those of the sum', () => {
    const { views, batch } = draw()
    const [ofRows, ofSum] = (['none', 'sum'] as const).map(reduction =>
      gradientsOf(reducing(reduction), views, batch, shape).flat()
    ) as [number[], number[]]
    const largest = ofSum.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
    expect(ofRows.length).toBe(ofSum.length)
    ofSum.forEach((value, i) => expect(Math.abs(ofRows[i]! - value)).toBeLessThan(1e-4 * largest))
  })

  promise('its rows work within tf.grad', 'tf.grad', () => {
    const given = draw()
    const [batch] = given.views[0].shape
    const ofAll = tf.grad(all => {
      const views = mapViews(given.views, (_, place) => tf.slice(all, place * batch, batch) as tf.Tensor2D)
      const rows = rowsOf({ ...given, views })
      return tf.sum(tf.mul(rows, weightsFor(rows.size)))
    })
    const found = read(own(() => ofAll(tf.concat<tf.Tensor>([...given.views]))))
    expect(found.every(Number.isFinite)).toBe(true)
    expect(found.some(value => value !== 0)).toBe(true)
  })

  for (const [title, change] of hardCases(shape))
    promise(`its rows and their gradients stay finite for ${title}`, 'finite', () => {
      const { views, batch } = draw()
      const changed = mapViews(views, change)
      expect(read(own(() => rowsOf({ views: changed, batch }))).every(Number.isFinite)).toBe(true)
      expect(gradientsOf(reducing('none'), changed, batch, shape).flat().every(Number.isFinite)).toBe(true)
    })
}

const isAbout = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-2 * Math.max(Math.abs(a), Math.abs(b), 1e-6)

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Changes to a view after which losses tend to divide by zero or to overflow. */
const hardCases = (shape: Shape): readonly (readonly [title: string, change: (view: tf.Tensor2D) => tf.Tensor2D])[] => [
  ['a row of zeros', view => tf.concat<tf.Tensor>([tf.zeros([1, ...shape]), tf.slice(view, 1)]) as tf.Tensor2D],
  ['repeated rows', view => tf.gather(view, tf.zeros([view.shape[0]], 'int32'))],
  ['rows a thousand times as long', view => tf.mul(view, 1000)],
  ['rows a million times as short', view => tf.mul(view, 1e-6)]
]

const inOrder = <T extends tf.Tensor>(views: Views<T>, order: tf.Tensor1D): Views<T> =>
  mapViews(views, view => tf.gather(view, order))

const batchInOrder = ({ views, labels, indices, teacher, targets }: Batch, order: tf.Tensor1D): Batch => ({
  views: inOrder(views, order),
  labels: tf.gather(labels!, order),
  indices: tf.gather(indices!, order),
  teacher: teacher && inOrder(teacher, order),
  targets: targets && inOrder(targets, order)
})

const evaluate = (loss: ReducedLoss, views: Views<tf.Tensor2D>, batch: Batch, shape: Shape): number[] =>
  read(own(() => apply(loss, views, batch, variablesFor(loss, batch, shape))))

/** Of what a loss gives; of the sum of its rows, where it gives them. */
function gradientsOf(loss: ReducedLoss, views: Views<tf.Tensor2D>, batch: Batch, shape: Shape): number[][] {
  const variables = variablesFor(loss, batch, shape)
  const { pull } = vjp(
    () => ({ outputs: [tf.sum(apply(loss, views, batch, variables))], aux: null }),
    leaves<tf.Tensor>([...views])
  )
  return pull([tf.scalar(1)], views, { last: true }).map(gradient => (gradient === undefined ? [] : read(gradient)))
}
