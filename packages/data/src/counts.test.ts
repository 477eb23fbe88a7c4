import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import {
  cifar10,
  gaussianBlur,
  imageFolder,
  inOrder,
  loader,
  multiCrop,
  randomResizedCrop,
  drawShapes,
  shapes,
  subset,
  twoViews,
  webDataset,
  type LoaderOptions,
  type Position,
  type Sampler
} from './index.ts'
import { openImageFolder, openWebDataset } from './node.ts'

const crop = randomResizedCrop({ size: 2 })
const dataset = drawShapes({ count: 60, size: 4 })
const make = (options: Partial<LoaderOptions> = {}): ReturnType<typeof loader> =>
  loader(dataset, { batchSize: 12, random: seeded(1), views: twoViews(crop), ...options })
/** What a recipe's author may have typed. */
const at = <T>(value: T): number => value as unknown as number

const counts = [NaN, Infinity, -1, 0.5, 1e9, at('3'), at(null)]
/** What is no number is no option of that kind, and what is none of the numbers is out of range. */
const errorFor = (count: number): (new (message: string) => Error) =>
  typeof count === 'number' ? RangeError : TypeError
describe.each(counts)('a count of %s is refused before anything is allocated', count => {
  test.each([
    ['loader: expected ahead', () => make({ ahead: count })],
    ['drawShapes: expected count', () => drawShapes({ count, size: 28 })],
    ['drawShapes: expected size', () => drawShapes({ size: count })],
    ['shapes: expected limit', () => shapes({ limit: count, size: 28 })],
    ['shapes: expected tests', () => shapes({ tests: count, size: 28 })],
    ['shapes: expected size', () => shapes({ size: count })],
    ['imageFolder: expected size', () => imageFolder('nowhere', { size: count })],
    ['webDataset: expected size', () => webDataset('nowhere', { size: count })],
    ['multiCrop: expected count', () => multiCrop({ global: crop, local: crop, count })],
    ['randomResizedCrop: expected size', () => randomResizedCrop({ size: count })],
    ['gaussianBlur: expected ', () => gaussianBlur({ size: count })],
    ['subset: expected ', () => subset(dataset, { count })]
  ] as const)('%s', (start, use) => {
    expect(use).toThrow(errorFor(count))
    expect(use).toThrow(start)
  })

  test.each([
    ['openImageFolder: expected size', () => openImageFolder(tmpdir(), { size: count })],
    ['openWebDataset: expected size', () => openWebDataset('nowhere.tar', { size: count })],
    // There may be fewer than a limit.
    ...(count === 1e9 ? [] : ([['cifar10: expected limit', () => cifar10().open('test', { limit: count })]] as const))
  ] as const)('%s', async (start, use) => {
    const asked = use()
    await expect(asked).rejects.toThrow(errorFor(count))
    await expect(asked).rejects.toThrow(start)
  })
})

test.each([NaN, -1, at('1e6'), at(null)])('keep of %s is refused', async keep => {
  const words = 'expected keep to be a number'
  await expect(openImageFolder(tmpdir(), { size: 8, keep })).rejects.toThrow(`openImageFolder: ${words}`)
  await expect(openWebDataset('nowhere.tar', { size: 8, keep })).rejects.toThrow(`openWebDataset: ${words}`)
})

test('a sampler fills whole batches with whole tuples', async () => {
  for (const tuple of [0, 5, 1.5, NaN]) {
    const sampler = Object.assign(inOrder(), { tuple })
    expect(() => make({ sampler })).toThrow(
      `loader: expected the sampler's tuple to divide the batch of 12, got ${tuple}.`
    )
  }
  const short: Sampler = () => () => Uint32Array.of(1, 2, 3)
  const first = make({ sampler: short }).batches().next()
  await expect(first).rejects.toThrow('loader: expected the sampler to give 60 places or more for an epoch, got 3.')
})

test('a position is one of the epoch', async () => {
  const from = (position: Position): Promise<unknown> => make().batches(position).next()
  await expect(from({ epoch: 0, batch: 5 })).rejects.toThrow('batch of a position to be a whole number from 0 to 4')
  await expect(from({ epoch: NaN, batch: 0 })).rejects.toThrow('epoch of a position to be a whole number of 0 or more')
})
