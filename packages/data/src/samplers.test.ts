import { seeded } from '@lapstrake/core'
import { expect, test } from 'vitest'
import { classBalanced, grouped, inMemory, inOrder, shuffled, subset, type Dataset } from './index.ts'

const labelled = (labels: readonly number[]): Dataset =>
  inMemory({
    name: 'labelled',
    classes: ['a', 'b', 'c'],
    shape: [1, 1, 1],
    images: new Uint8Array(labels.length),
    labels: Int32Array.from(labels)
  })
const uneven = labelled(Array.from({ length: 60 }, (_, i) => (i < 50 ? 0 : i < 57 ? 1 : 2)))

test('shuffled shows every example once, in an order that depends on the epoch', () => {
  const sample = shuffled()(uneven, 8)
  expect([...sample(seeded(1))].sort((a, b) => a - b)).toEqual([...inOrder()(uneven, 8)(seeded(1))])
  expect(sample(seeded(1))).toEqual(sample(seeded(1)))
  expect(sample(seeded(1))).not.toEqual(sample(seeded(2)))
})

test('grouped keeps groups of consecutive examples together and in order', () => {
  const order = grouped({ size: 3 })(labelled(Array<number>(20).fill(0)), 6)(seeded(1))
  expect(order).toHaveLength(18)
  for (let i = 0; i < 18; i += 3) expect([...order.slice(i, i + 3)]).toEqual([0, 1, 2].map(j => order[i]! + j))
  expect(new Set(order).size).toBe(18)
  expect(() => grouped({ size: 4 })(uneven, 6)).toThrow('grouped: expected a size that divides the batch of 6, got 4.')
})

test('classBalanced gives every batch as many examples of a class, and rare classes come as often as others', () => {
  const order = classBalanced({ perClass: 4 })(uneven, 12)(seeded(1))
  expect(order).toHaveLength(60)
  const seen = [0, 0, 0]
  for (let i = 0; i < order.length; i += 4) {
    const classes = [...order.slice(i, i + 4)].map(place => uneven.labels![place]!)
    expect(new Set(classes).size).toBe(1)
    seen[classes[0]!]!++
  }
  expect(seen).toEqual([5, 5, 5])
  expect(classBalanced()(uneven, 12)(seeded(1))).toEqual(order)
})

test('classBalanced wants labels, and batches that hold whole classes', () => {
  expect(() => classBalanced()(labelled([0, 1, -1, 0]), 4)).toThrow(
    'classBalanced: expected a label for every example, but labelled does not have them all.'
  )
  expect(() => classBalanced({ perClass: 5 })(uneven, 12)).toThrow(
    'classBalanced: expected perClass to divide the batch of 12, got 5.'
  )
})

test('a subset tells the labels of its own examples', () => {
  expect([...subset(uneven, { count: 3 }).labels!]).toEqual([0, 0, 0])
  expect(subset(uneven, { count: 60, seed: 1 }).labels!.filter(label => label === 2)).toHaveLength(3)
})
