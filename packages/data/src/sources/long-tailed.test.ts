import { expect, test } from 'vitest'
import { dataOf, inMemory, longTailed, shapes } from '../index.ts'

const dotsOf = (labels: readonly number[]) =>
  inMemory({
    name: 'dots',
    classes: Array.from({ length: 10 }, (_, i) => String(i)),
    images: new Uint8Array(labels.length),
    labels: Int32Array.from(labels),
    shape: [1, 1, 1]
  })
const labelled = (labels: readonly number[]) => dataOf({ name: 'dots', train: dotsOf(labels), test: dotsOf([1]) })

test('keeps the first of each class, fewer of the later ones', async () => {
  const data = longTailed(labelled([2, 0, 1, 0, 2, 1, 2, 0, 1, 0, 1, 2]), { ratio: 4 })
  const { labels, size, name } = await data.open('train')
  // 4 · 4^0, 4 · 4^(−1/2) and 4 · 4^(−1) of the classes 0, 1 and 2.
  expect([...labels!]).toEqual([2, 0, 1, 0, 1, 0, 0])
  expect([size, name, data.name]).toEqual([7, 'dots-long-tail-4', 'dots-long-tail-4'])
  expect((await data.open('test')).size).toBe(1)
})

test('a limit is of what the tail is chosen from', async () => {
  const data = longTailed(labelled([2, 0, 1, 0, 2, 1, 2, 0, 1, 0, 1, 2]), { ratio: 2 })
  // Three of the first ten are of the smallest class: 3, 3 · 2^(−1/2) and 3 · 2^(−1).
  expect([...(await data.open('train', { limit: 10 })).labels!]).toEqual([2, 0, 1, 0, 1, 0])
})

test('is as published for CIFAR-10: 12,406 of 50,000 images at a ratio of 100', async () => {
  const balanced = labelled(Array.from({ length: 50_000 }, (_, i) => i % 10))
  expect((await longTailed(balanced, { ratio: 100 }).open('train')).size).toBe(12_406)
})

test('leaves all alike at 1', async () => {
  const { labels } = await longTailed(labelled([0, 1, 1, 0, 1]), { ratio: 1 }).open('train')
  expect([...labels!]).toEqual([0, 1, 1, 0])
})

test('refuses what it cannot make', async () => {
  expect(() => longTailed(shapes(), { ratio: 0.5 })).toThrow('longTailed: expected a ratio of 1 or more, got 0.5')
  expect(() => longTailed({} as never, { ratio: 2 })).toThrow(TypeError)
  await expect(longTailed(labelled([0, -1]), { ratio: 2 }).open('train')).rejects.toThrow('a label for every example')
  await expect(longTailed(labelled([0, 0]), { ratio: 2 }).open('train')).rejects.toThrow('two classes or more')
  await expect(longTailed(labelled([0, 1]), { ratio: 2 }).open('train')).rejects.toThrow('keep an example')
})
