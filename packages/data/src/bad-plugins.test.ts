import '@tensorflow/tfjs-backend-cpu'
import { dispose, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  batchOf,
  collateInstances,
  compose,
  dataOf,
  drawShapes,
  hasHostHalf,
  imageDataset,
  imageFolder,
  isImageDataset,
  loader,
  pick,
  randomResizedCrop,
  shapes,
  subset,
  viewsOf,
  webDataset,
  type Collated,
  type Data,
  type Dataset,
  type LoaderOptions,
  type View
} from './index.ts'

/** Rows of two numbers. */
const rows: Dataset<number> = {
  name: 'rows',
  size: 8,
  classes: [],
  read: async places => Array.from(places),
  collate: examples => ({ input: tf.tensor2d(examples.map(x => [x, x + 1])) })
}
const same: View = { onBatch: input => input }
const random = seeded(1)
const options: LoaderOptions = { batchSize: 2, random, views: [same] }
const first = async (dataset: unknown, some: Partial<LoaderOptions> = {}): Promise<void> => {
  const { value } = await loader(dataset as Dataset, { ...options, ...some })
    .batches()
    .next()
  dispose(value!.batch)
}
const ofPlaces = (dataset: unknown, views: readonly unknown[] = [same]): Promise<unknown> =>
  batchOf(dataset as Dataset, [1, 2], { views: views as readonly View[], random })

const gone = tf.zeros([2, 2])
gone.dispose()
const kept = tf.zeros([2, 2])

test.each<[string, unknown, string]>([
  ['nothing', () => {}, 'to give a tensor back, got nothing. Return what it makes.'],
  ['nothing in onBatch', { onBatch: () => {} }, 'to give a tensor back, got nothing. Return what it makes.'],
  ['a promise', async (x: tf.Tensor) => x, 'to give a tensor back, got a promise. Await in onExample'],
  ['a list', (x: tf.Tensor) => [x], 'to give a tensor back, got a list. Return what it makes.'],
  ['what it disposed', () => gone, 'to give a tensor back, got one that it has disposed. Leave it alive.'],
  ['fewer rows', (x: tf.Tensor) => tf.slice(x, 0, 1), 'to give 2 rows back, one for each example, got shape [1, 2].'],
  [
    'empty rows',
    (x: tf.Tensor) => tf.slice(x, [0, 0], [2, 0]),
    'to give 2 rows back, one for each example, got shape [2'
  ],
  ['a number', (x: tf.Tensor) => tf.sum(x), 'to give 2 rows back, one for each example, got shape [].']
])('a view that gives %s is refused', async (_, view, words) => {
  const before = tf.memory().numTensors
  await expect(first(rows, { views: [same, view as View] })).rejects.toThrow(`loader: expected view 1 of rows ${words}`)
  await expect(ofPlaces(rows, [same, view])).rejects.toThrow(`batchOf: expected view 1 of rows ${words}`)
  expect(() => viewsOf([view as View], kept, random)).toThrow(`viewsOf: expected view 0 ${words}`)
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(0)
})

test('a half on the host that gives null is refused as one that gives nothing', async () => {
  await expect(ofPlaces(rows, [{ onExample: () => null }])).rejects.toThrow(
    'batchOf: expected view 0 of example 1 of rows, but its half on the host failed: it gave nothing back.'
  )
})

test('a change among others that gives nothing back is refused, and so is what is none', () => {
  const images = tf.zeros<tf.Rank.R4>([1, 2, 2, 3])
  const nothing = (() => {}) as never
  expect(() => compose(nothing, randomResizedCrop({ size: 2 }))(images, random)).toThrow(
    'compose: expected change 0 of 2 to give a tensor back, got nothing.'
  )
  expect(() => compose({} as never)).toThrow('compose: expected changes of images')
})

const input = (): tf.Tensor => tf.zeros([2, 2])
test.each<[string, (examples: readonly unknown[]) => unknown, string]>([
  ['nothing', () => undefined, '{ input: a tensor, … }, got undefined. Return a record with input.'],
  ['a promise', async () => ({ input: kept }), '{ input: a tensor, … }, got a promise. Await in read'],
  ['a tensor', () => input(), '{ input: a tensor, … }, got a tensor of shape [2, 2].'],
  ['no input', () => ({}), 'input as a living tensor with 2 rows, one for each example, got undefined.'],
  [
    'other names',
    () => ({ inputs: input() }),
    'input, context, labels, examples and nothing else, got inputs. Did you'
  ],
  [
    'too few rows',
    () => ({ input: tf.zeros([1, 2]) }),
    'input as a living tensor with 2 rows, one for each example, got'
  ],
  ['labels as a list', () => ({ input: input(), labels: [1, 2] }), 'labels as a living tensor with 2 rows'],
  ['labels of null', () => ({ input: input(), labels: null }), 'labels as a living tensor with 2 rows'],
  ['examples of null', () => ({ input: input(), examples: null }), 'examples as a record of tensors, got null.'],
  ['a list too long', () => ({ input: input(), examples: { boxes: [kept] } }), 'examples.boxes as 2 living tensors'],
  ['context of a list', () => ({ input: input(), context: { mask: [1, 0] } }), 'context.mask.0 as a living tensor'],
  [
    'what is disposed',
    () => ({ input: gone }),
    'input as a living tensor with 2 rows, one for each example, got one that'
  ]
])('a collate that gives %s is refused', async (_, collate, words) => {
  const before = tf.memory().numTensors
  const bad = { ...rows, collate }
  await expect(first(bad)).rejects.toThrow(`loader: expected collate of rows to give ${words}`)
  await expect(ofPlaces(bad)).rejects.toThrow(`batchOf: expected collate of rows to give ${words}`)
  expect(tf.memory().numTensors).toBe(before)
})

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'got undefined.'],
  ['one too few', [1], 'got a list of 1.'],
  ['a hole', [1, undefined], 'got nothing as number 1 of them.'],
  ['a hole of a list', Object.assign([], { length: 2 }), 'got nothing as number 0 of them.']
])('a read that gives %s is refused', async (_, read, words) => {
  const bad = { ...rows, read: async () => read }
  const whole = `expected rows to read a list of 2 examples, one for each place, ${words}`
  for (const view of [same, { onExample: (x: unknown) => x }]) {
    await expect(first(bad, { views: [view] })).rejects.toThrow(`loader: ${whole}`)
    await expect(ofPlaces(bad, [view])).rejects.toThrow(`batchOf: ${whole}`)
  }
})

test('a size that is none is told', () => {
  expect(() => loader({ ...rows, size: NaN }, options)).toThrow(
    'expected the size of rows to be a whole number, got NaN'
  )
  expect(() => subset({ ...rows, size: -1 }, { count: 1 })).toThrow('expected the size of rows to be a whole number')
})

test('what a data set or a view keeps stays theirs', async () => {
  const labels = tf.tensor1d([0, 1], 'int32')
  const data: Dataset = { ...rows, collate: () => ({ input: kept, labels, examples: { boxes: [kept, kept] } }) }
  for (let i = 0; i < 2; i++) await first(data, { views: [same, { onBatch: () => kept }] })
  expect([kept.isDisposed, labels.isDisposed]).toEqual([false, false])
})

test('boxes do not follow a tensor half that changes the size of pictures', async () => {
  const pictures: Dataset<number> = {
    ...rows,
    collate: (examples): Collated => ({
      input: tf.zeros([examples.length, 8, 8, 3]),
      examples: { boxes: examples.map(() => tf.zeros([1, 4])) }
    })
  }
  await expect(first(pictures, { views: [randomResizedCrop({ size: 4 })] })).rejects.toThrow(
    'loader: expected view 0 of rows to keep the shape [2, 8, 8, 3], for boxes belong to it, got [2, 4, 4, 3]. ' +
      'Change its size with instanceCrop, or another onExample'
  )
  await first(pictures, { views: [same, randomResizedCrop({ size: 4 })] })
})

test('a sampler that fails for an epoch is an error of whoever asks for that epoch', async () => {
  const asked: number[] = []
  const failing = loader(rows, {
    ...options,
    batchSize: 8,
    ahead: 3,
    sampler: () => {
      let epochs = 0
      return () => {
        if (epochs++ > 0) throw new Error('one epoch only')
        return Uint32Array.from({ length: 8 }, (_, i) => i)
      }
    }
  })
  await expect(async () => {
    for await (const { batch, epoch } of failing.batches()) {
      asked.push(epoch)
      dispose(batch)
    }
  }).rejects.toThrow('one epoch only')
  expect(asked).toEqual([0])
  const plain = (): number[] => Array.from({ length: 8 }, (_, i) => i)
  await first(rows, { sampler: () => plain as never })
  await expect(first(rows, { sampler: () => () => undefined as never })).rejects.toThrow(
    'loader: expected a sampler that'
  )
  await expect(first(rows, { sampler: (() => 3) as never })).rejects.toThrow('loader: expected a sampler that gives a')
})

class Sequences implements Dataset<number> {
  readonly name = 'sequences'
  readonly #scale = 2
  get size(): number {
    return 8
  }
  get classes(): readonly string[] {
    return []
  }
  async read(places: ArrayLike<number>): Promise<readonly number[]> {
    return Array.from(places, place => place * this.#scale)
  }
  collate(examples: readonly number[]): Collated {
    return { input: tf.mul(tf.tensor2d(examples.map(x => [x])), this.#scale) }
  }
}

test('a class may be a data set, and parts of it are', async () => {
  class Longer extends Sequences {}
  for (const data of [subset(new Sequences(), { count: 4 }), pick(new Longer(), Uint32Array.of(0, 1, 2, 3))]) {
    const part = await dataOf({ name: 'mine', train: pick(data, Uint32Array.of(3, 2, 1)), limit: 2 }).open('train')
    expect([part.name, part.size, part.classes, await part.read([0, 1])]).toEqual(['sequences', 2, [], [6, 4]])
    const batch = await batchOf(part, [0], { views: [same], random })
    expect([...batch.views[0].dataSync()]).toEqual([12])
    dispose(batch)
  }
})

test('parts of data are data sets, promises of them, or what opens them', async () => {
  const of = (train: unknown, limit?: number): Data => dataOf({ name: 'mine', train: train as Dataset, limit })
  expect((await of(Promise.resolve(rows), 3).open('train')).size).toBe(3)
  await expect(of(Promise.reject(new Error('gone'))).open('train')).rejects.toThrow('gone')
  await expect(of(Promise.resolve(undefined), 3).open('train')).rejects.toThrow(
    'mine: expected a data set, got undefined'
  )
  await expect(of(() => {}, 3).open('train')).rejects.toThrow('mine: expected a data set, got undefined.')
  await expect(of(() => shapes()).open('train')).rejects.toThrow(
    'mine: expected a data set, got data that are not open.'
  )
  expect(() => of(shapes())).toThrow('dataOf: expected train to be a data set, or what opens one, got data that are')
  expect(() => of({})).toThrow('dataOf, train: expected a data set, got a object.')
  expect(() => of(undefined)).toThrow('dataOf: expected a data set to train with, or what opens one, got undefined.')
  expect(() => dataOf({ train: rows } as never)).toThrow('dataOf: expected a name, got undefined.')
  expect(() => dataOf({ name: 'mine', train: rows, test: shapes() as never })).toThrow('dataOf: expected test to be a')
})

test('what is nothing at all is told in words', async () => {
  const nothing = undefined as never
  expect([isImageDataset(nothing), isImageDataset('x' as never), hasHostHalf(nothing)]).toEqual([false, false, false])
  expect(isImageDataset(drawShapes({ count: 8 }))).toBe(true)
  expect(() => imageDataset(nothing)).toThrow('imageDataset: expected images, as in')
  expect(() => imageDataset({ name: 'x' } as never)).toThrow('imageDataset, x: expected a function that reads images')
  expect(() => collateInstances([])).toThrow('collateInstances: expected one picture or more, got none.')
  expect(() => collateInstances(nothing)).toThrow('collateInstances: expected a list of pictures, got undefined.')
  expect(() => imageFolder('x', null as never)).toThrow('imageFolder: expected options')
  expect(() => webDataset('x', nothing)).toThrow('webDataset: expected options')
  expect(() => webDataset({ train: 'a.tar' } as never, { size: 8 })).toThrow('webDataset: expected shards of test')
  expect(() => dataOf(nothing)).toThrow('dataOf: expected options')
  expect(() => viewsOf(nothing, kept, random)).toThrow('viewsOf: expected views to be a list')
  expect(() => viewsOf([same], nothing, random)).toThrow('viewsOf: expected an input as a living tensor')
  expect(() => viewsOf([same], kept, nothing)).toThrow('viewsOf: expected random to be a source')
  expect(() => pick(rows, nothing)).toThrow('rows: expected a list of places, got undefined.')
  await expect(batchOf(rows, nothing, { views: [same], random })).rejects.toThrow('rows: expected a list of places')
  await expect(batchOf(rows, [], { views: [same], random })).rejects.toThrow('batchOf: expected one place or more')
  await expect(
    loader(rows, options)
      .batches(null as never)
      .next()
  ).rejects.toThrow('loader: expected a position')
})
