import { expect, test } from 'vitest'
import { withStandIns, type Stretch } from './stand-ins.ts'

const order = Uint32Array.of(5, 3, 8, 1, 9, 0, 2, 7, 6, 4)
const batch = (start: number, bad: readonly number[], { size = 4, tuple = 1 }: Partial<Stretch> = {}): unknown => {
  const choice = withStandIns({ order, start, size, tuple }, place => bad.includes(place))
  return choice && [[...choice.places], choice.replaced.map(({ place, by }) => [place, by])]
}

test('a batch whose examples can all be read is its part of the order', () => {
  expect(batch(4, [5, 4])).toEqual([[9, 0, 2, 7], []])
})

test('the next behind the batch stand in, each for one, and those that cannot be read either are passed over', () => {
  expect(batch(0, [3, 1, 0])).toEqual([
    [5, 9, 8, 2],
    [
      [3, 9],
      [1, 2]
    ]
  ])
})

test('behind the end of the order comes its beginning', () => {
  expect(batch(4, [9, 2, 6, 4, 5])).toEqual([
    [3, 0, 8, 7],
    [
      [9, 3],
      [2, 8]
    ]
  ])
})

test('only where all others are in the batch does one come twice', () => {
  expect(batch(0, [3], { size: 10 })).toEqual([[5, 5, 8, 1, 9, 0, 2, 7, 6, 4], [[3, 5]]])
})

test('tuples stay whole: where one of them cannot be read, the next that can takes the place of all', () => {
  expect(batch(0, [3, 0], { tuple: 2 })).toEqual([[2, 7, 8, 1], [[3, 2 + 5]]])
  expect(batch(0, [5, 3], { tuple: 2 })).toEqual([
    [9, 0, 8, 1],
    [
      [5, 9],
      [3, 0]
    ]
  ])
})

test('an order without a tuple that can be read has no stand-in', () => {
  expect(batch(0, [5, 8, 9, 2, 6], { tuple: 2 })).toBeUndefined()
  expect(batch(0, [...order])).toBeUndefined()
})
