import { expect, test } from 'vitest'
import { significanceOf, spreadOf } from './significance.ts'

const bySeed = (...values: number[]): ReadonlyMap<number, number> => new Map(values.entries())

test('golden: mean and deviation', () => {
  expect(spreadOf([1, 2, 3])).toEqual({ mean: 2, deviation: 1, count: 3 })
  expect(spreadOf([4])).toEqual({ mean: 4, count: 1 })
})

test('golden: differences of 1, 2 and 3 have t = 2√3 and, with two degrees of freedom, p = 1 − t / √(t² + 2)', () => {
  const found = significanceOf(bySeed(2, 4, 6), bySeed(1, 2, 3))!
  expect(found.test).toBe('paired')
  expect(found.p).toBeCloseTo(1 - Math.sqrt(12 / 14), 10)
})

test('golden: with one degree of freedom, p is that of a Cauchy distribution', () => {
  expect(significanceOf(bySeed(1, 3), bySeed(0, 0))!.p).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(2), 10)
})

test("groups of other seeds are compared by Welch's test, as the density of t added up says", () => {
  const found = significanceOf(bySeed(1, 2, 3, 4, 5), new Map([2, 4, 6, 8, 10].map((value, i) => [10 + i, value])))!
  expect(found.test).toBe('Welch')
  const [t, freedom] = [3 / Math.sqrt(2.5 / 5 + 10 / 5), 2.5 ** 2 / (0.5 ** 2 / 4 + 2 ** 2 / 4)]
  const density = (x: number): number => (1 + (x * x) / freedom) ** (-(freedom + 1) / 2)
  const area = (from: number, to: number): number => {
    let sum = 0
    for (let x = from; x < to; x += 1e-3) sum += 1e-3 * density(x + 5e-4)
    return sum
  }
  expect(found.p).toBeCloseTo(area(t, 300) / area(0, 300), 4)
})

test('nothing is said of single runs, nor where nothing varies', () => {
  expect(significanceOf(bySeed(1), bySeed(2))).toBeUndefined()
  expect(significanceOf(bySeed(1, 1), bySeed(2, 2))).toBeUndefined()
  expect(
    significanceOf(
      bySeed(1, 1),
      new Map([
        [5, 2],
        [6, 2]
      ])
    )
  ).toBeUndefined()
})
