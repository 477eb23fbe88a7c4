import { vjp } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'vitest'

/** Rows of a view in plain JavaScript numbers. */
export type Rows = readonly (readonly number[])[]

/**
 * Expects of a loss the value and the gradient that its formula has in double precision, as plain JavaScript numbers
 * give them: within 1e-5 of the value, or of one, and within 1e-4 of the largest slope. Slopes of the formula are
 * central differences.
 *
 * @param step of the differences; a part of each number when left out
 */
export async function expectAsInDoubles(
  loss: (views: readonly tf.Tensor2D[]) => tf.Scalar,
  formula: (views: readonly Rows[]) => number,
  views: readonly Rows[],
  step?: number
): Promise<void> {
  const given = views.map(rows => tf.tensor2d(rows.map(row => [...row])))
  const { outputs, pull } = vjp(() => ({ outputs: [loss(given)], aux: null }), given)
  const gradients = pull([tf.scalar(1)], given, { last: true })
  const [value] = await outputs[0]!.data()
  const expected = formula(views)
  expect(Math.abs(value! - expected), `${value} for ${expected}`).toBeLessThanOrEqual(
    1e-5 * Math.max(1, Math.abs(expected))
  )
  const found = await Promise.all(
    gradients.map(async (gradient, view) => [...(await (gradient ?? tf.zerosLike(given[view]!)).data())])
  )
  const slopes = views.map((rows, view) =>
    rows.flatMap((row, i) => row.map((_, d) => slope(at => formula(changed(views, view, i, d, at)), row[d]!, step)))
  )
  const largest = slopes.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
  expect(
    Math.max(...found.flatMap((some, view) => some.map((value, i) => Math.abs(value - slopes[view]![i]!))))
  ).toBeLessThan(1e-4 * largest)
}

function slope(f: (at: number) => number, at: number, step = 1e-5 * Math.max(1, Math.abs(at))): number {
  return (f(at + step) - f(at - step)) / (2 * step)
}

const changed = (views: readonly Rows[], view: number, row: number, place: number, to: number): Rows[] =>
  views.map((rows, v) =>
    v === view
      ? rows.map((numbers, i) => (i === row ? numbers.map((value, d) => (d === place ? to : value)) : numbers))
      : rows
  )
