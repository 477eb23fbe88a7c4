import { expect, test } from 'vitest'
import { dataOf, holdOut, inMemory, type ImageDataset } from '../index.ts'

/** Pixels tell where an image was. */
const dotsOf = (labels: readonly number[]): ImageDataset =>
  inMemory({ name: 'dots', images: Uint8Array.from(labels.keys()), shape: [1, 1, 1], labels })

const placesOf = async (dataset: ImageDataset): Promise<number[]> =>
  (await dataset.read(Array.from({ length: dataset.size }, (_, i) => i))).map(({ image }) => image[0]!)

test('a tenth of every class is held out, one of two at least, and a single one is kept', async () => {
  const labels = Array.from({ length: 103 }, (_, i) => (i < 80 ? i % 2 : i < 100 ? 2 : i < 102 ? 3 : 4))
  const { train, test: held } = holdOut(dotsOf(labels))
  expect([train.size, held.size]).toEqual([92, 11])
  expect([0, 1, 2, 3, 4].map(label => held.labels!.filter(one => one === label).length)).toEqual([4, 4, 2, 1, 0])
  expect([...(await placesOf(train)), ...(await placesOf(held))].sort((a, b) => a - b)).toEqual([...labels.keys()])
})

test('the same are held out each time, others by another seed, more where it is said', async () => {
  const dataset = dotsOf(Array.from({ length: 50 }, () => -1))
  const held = (options = {}): Promise<number[]> => placesOf(holdOut(dataset, options).test)
  expect(await held()).toEqual(await held())
  expect(await held({ seed: 1 })).not.toEqual(await held())
  expect((await held({ part: 0.5 })).slice(0, 5)).toEqual(await held())
})

test('of classes with one example each, one is held out', () => {
  expect(holdOut(dotsOf([0, 1, 2])).test.size).toBe(1)
})

test('makes data', async () => {
  const data = dataOf({ name: 'mine', ...holdOut(dotsOf([0, 0, 0, 1, 1, 1])) })
  expect([(await data.open('train')).size, (await data.open('test')).size]).toEqual([4, 2])
})

test('what cannot be parted is refused', () => {
  expect(() => holdOut(dotsOf([0]))).toThrow(
    'dots: expected two examples or more to hold out some to test with, got 1.'
  )
  for (const part of [0, 1, -0.1, NaN]) expect(() => holdOut(dotsOf([0, 0]), { part })).toThrow(RangeError)
})
