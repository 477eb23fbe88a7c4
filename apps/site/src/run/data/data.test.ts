import { inMemory } from 'lapstrake'
import { expect, test } from 'vitest'
import { holdOut } from './hold-out.ts'

test('of every class with two or more one example is held out, about one in seven', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 98 ? i % 2 : 2))
  const { training, held } = holdOut(
    inMemory({ name: 'some', classes: ['a', 'b', 'c'], shape: [1, 1, 1], images: new Uint8Array(100), labels })
  )
  expect(training.size + held.size).toBe(100)
  expect(held.size).toBe(15)
  expect(new Set(held.labels)).toEqual(new Set([0, 1, 2]))
})
