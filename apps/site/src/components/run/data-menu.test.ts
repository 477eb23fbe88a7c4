import type { ServedSet } from '@lapstrake/data'
import { cifar10, shapes } from 'lapstrake'
import { expect, test } from 'vitest'
import { entryOf, ownEntry } from './data-menu.ts'

const part = { examples: 2000, of: 50_000, bytes: [3e6, 3e6] }
const cifar: ServedSet = {
  name: 'CIFAR-10',
  licence: '',
  source: '',
  classes: [],
  shape: [32, 32, 3],
  perFile: 1000,
  train: part,
  test: part
}

test('what the site serves is offered with its size, what it does not is not to be chosen', () => {
  const photographs = { said: 'CIFAR-10, its first images', data: cifar10({ limit: 1000 }), limit: 1000 }
  expect(entryOf(photographs, { cifar10: cifar })).toEqual({ said: 'CIFAR-10, its first images (3 MB)', there: true })
  expect(entryOf(photographs, {})).toEqual({ said: 'CIFAR-10, its first images (not on this site)', there: false })
  expect(entryOf({ said: 'Drawn shapes (no download)', data: shapes() }, {}).there).toBe(true)
})

test("the recipe's own data have their name, and a site that lacks them says what a run takes instead", () => {
  expect(ownEntry('cifar10', { cifar10: cifar })).toBe("The recipe's own: CIFAR-10")
  expect(ownEntry('cifar10', {})).toBe("The recipe's own: CIFAR-10 (not on this site: drawn shapes instead)")
  expect(ownEntry('shapes', {})).toBe("The recipe's own: drawn shapes")
  expect(ownEntry(undefined, {})).toBe("The recipe's own")
})
