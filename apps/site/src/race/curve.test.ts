import { expect, test } from 'vitest'
import { points, rangeOf } from './curve.ts'

test('a curve goes from the left edge to the right and from the top to the bottom', () => {
  const values = [4, 3, 2]
  expect(points(values, 3, rangeOf(values))).toBe('0.00,0.00 50.00,50.00 100.00,100.00')
})

test('one value, or none, has an axis too', () => {
  expect(points([2], 1, rangeOf([2]))).toBe('0.00,50.00')
  expect(rangeOf([])).toEqual({ low: 0, high: 1 })
})
