import '@tensorflow/tfjs-backend-cpu'
import { dispose, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  inMemory,
  batchOf,
  loader,
  randomResizedCrop,
  drawShapes,
  shapes,
  subset,
  twoViews,
  type Dataset,
  type LoadedBatch,
  type Position
} from './index.ts'

const dataset = drawShapes({ count: 20, size: 8 })
const views = twoViews(randomResizedCrop({ size: 8 }))
const make = (seed = 1): ReturnType<typeof loader> => loader(dataset, { batchSize: 6, random: seeded(seed), views })
const take = async (count: number, seed?: number, from?: Position): Promise<LoadedBatch[]> => {
  const taken: LoadedBatch[] = []
  for await (const loaded of make(seed).batches(from)) {
    taken.push(loaded)
    if (taken.length === count) break
  }
  return taken
}
const indices = (loaded: readonly LoadedBatch[]): number[][] =>
  loaded.map(({ batch }) => [...batch.indices!.dataSync()])
const pixels = (loaded: readonly LoadedBatch[]): number[][] =>
  loaded.map(({ batch }) => [...batch.views[1]!.dataSync()])

test('each epoch shows examples once, in an order of its own', async () => {
  const loaded = await take(6)
  expect(make().batchesPerEpoch).toBe(3)
  expect(loaded.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1])
  const [first, second] = [indices(loaded.slice(0, 3)).flat(), indices(loaded.slice(3)).flat()]
  expect(new Set(first).size).toBe(18)
  expect(first).not.toEqual(second)
})

test('the same seed gives the same batches, and a position goes on where they were left', async () => {
  const loaded = await take(5)
  expect(pixels(await take(5))).toEqual(pixels(loaded))
  expect(pixels(await take(5, 2))).not.toEqual(pixels(loaded))
  const rest = await take(2, 1, loaded[2]!.next)
  expect([indices(rest), pixels(rest)]).toEqual([indices(loaded.slice(3)), pixels(loaded.slice(3))])
})

test('labels belong to their images, and are left out where unknown', async () => {
  const [{ batch }] = (await take(1)) as [LoadedBatch]
  const places = [...batch.indices!.dataSync()]
  expect([...batch.labels!.dataSync()]).toEqual(places.map(place => place % dataset.classes.length))
  const unlabelled = inMemory({
    name: 'x',
    classes: [],
    shape: [1, 1, 1],
    images: new Uint8Array(4),
    labels: new Int32Array(4).fill(-1)
  })
  for await (const { batch } of loader(unlabelled, {
    batchSize: 2,
    random: seeded(1),
    views: twoViews(randomResizedCrop({ size: 1 }))
  }).batches()) {
    expect(batch.labels).toBeUndefined()
    break
  }
})

test('batches are read ahead, and leaving early leaves nothing behind', async () => {
  const asked: number[] = []
  const watched: Dataset = {
    ...dataset,
    read: places => {
      asked.push(places.length)
      return dataset.read(places)
    }
  }
  const before = tf.memory().numTensors
  for await (const { batch } of loader(watched, { batchSize: 6, random: seeded(1), views, ahead: 2 }).batches()) {
    expect(asked).toHaveLength(3)
    dispose(batch)
    break
  }
  expect(tf.memory().numTensors).toBe(before)
})

test('an image that cannot be read is an error of the batch that needs it', async () => {
  let reads = 0
  const broken: Dataset = {
    ...dataset,
    read: places => (++reads === 2 ? Promise.reject(new Error('image 7 is damaged')) : dataset.read(places))
  }
  const seen: number[] = []
  await expect(async () => {
    for await (const { epoch } of loader(broken, { batchSize: 6, random: seeded(1), views }).batches()) seen.push(epoch)
  }).rejects.toThrow('image 7 is damaged')
  expect(seen).toEqual([0])
})

test('what is no data set, and places beyond one, are refused', async () => {
  const options = { batchSize: 6, random: seeded(1), views }
  expect(() => loader(shapes() as never, options)).toThrow(
    "loader: expected a data set, got data that are not open. Open data by await data.open('train')."
  )
  expect(() => loader(undefined as never, options)).toThrow('loader: expected a data set, got undefined.')
  expect(() => subset('cifar10' as never, { count: 1 })).toThrow('subset: expected a data set, got a string.')
  expect(() => loader(dataset, { ...options, random: undefined as never })).toThrow('loader: expected random to be a')
  expect(() => loader(dataset, { ...options, unreadable: {} as never })).toThrow('expected unreadable to be a list')
  const beyond = loader(dataset, { ...options, sampler: () => () => Uint32Array.from({ length: 18 }, (_, i) => i + 3) })
  await expect(beyond.batches().next()).rejects.toThrow('expected places from 0 to 19, got 20.')
  await expect(batchOf(dataset, [20], { views, random: seeded(1) })).rejects.toThrow('places from 0 to 19, got 20.')
})

test('a subset is the first examples, or with a seed some at random', async () => {
  const first = await subset(dataset, { count: 3 }).read([0, 2])
  expect(first).toEqual(await dataset.read([0, 2]))
  const some = subset(dataset, { count: 5, seed: 1 })
  expect(await some.read([0, 1, 2, 3, 4])).not.toEqual(await dataset.read([0, 1, 2, 3, 4]))
  expect(() => subset(dataset, { count: 21 })).toThrow(
    'subset: expected 1 to 20 examples, for drawn shapes has no more, got 21.'
  )
  expect(() => loader(dataset, { batchSize: 21, random: seeded(1), views })).toThrow(
    'loader: expected a batch size from 1 to 20'
  )
  expect(() => loader(dataset, { batchSize: '4' as never, random: seeded(1), views })).toThrow(
    "loader: expected batchSize to be a number, got '4'."
  )
  expect(() => loader(dataset, { batchSize: 4, random: seeded(1), views: undefined as never })).toThrow(
    'loader: expected views to be a list with one view or more, as in views: twoViews('
  )
})

test('drawn shapes: all classes alike often, the same pixels for the same seed, no two alike', async () => {
  const images = await drawShapes({ count: 80, size: 12 }).read(Array.from({ length: 80 }, (_, i) => i))
  const again = await drawShapes({ count: 80, size: 12 }).read(Array.from({ length: 80 }, (_, i) => i))
  expect(again).toEqual(images)
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(label => images.filter(image => image.label === label).length)).toEqual(
    new Array(8).fill(10)
  )
  const drawn = new Set(images.map(({ image }) => image.join()))
  expect(drawn.size).toBe(80)
})
