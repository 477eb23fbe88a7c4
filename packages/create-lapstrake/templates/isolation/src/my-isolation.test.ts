import { describeIsolation } from '@lapstrake/testing'
import { expect, test } from 'vitest'
import { myIsolation } from './index.ts'

describeIsolation('myIsolation', myIsolation(), { depths: [2, 3, 8] })

test('the lowest stages learn together, the others alone', () => {
  expect(myIsolation({ bottom: 2 })(4)).toEqual([
    { start: 0, end: 2 },
    { start: 2, end: 3 },
    { start: 3, end: 4 }
  ])
})

test('a bottom without stages, and one of more than there are, are refused', () => {
  expect(() => myIsolation({ bottom: 0 })).toThrow('myIsolation: expected a bottom of 1 or more stages, got 0. Try 2.')
  expect(() => myIsolation({ bottom: 3 })(2)).toThrow('myIsolation: expected 3 stages or more, got 2.')
})
