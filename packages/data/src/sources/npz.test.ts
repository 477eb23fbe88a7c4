import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeNpz, LacksPart, npz, type ImageDataset, type NpyArray, type NpzOptions, type Split } from '../index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-arrays-'))
})
afterAll(() => rm(folder, { recursive: true }))

const images = (count: number, ...shape: readonly number[]): NpyArray => {
  const length = count * shape.reduce((product, one) => product * one, 1)
  return { shape: [count, ...shape], data: Uint8Array.from({ length }, (_, i) => i) }
}
const labels = (...of: readonly number[]): NpyArray => ({ shape: [of.length], data: Uint8Array.from(of) })

async function opened(
  arrays: Readonly<Record<string, NpyArray>>,
  split: Split = 'train',
  options: NpzOptions = {}
): Promise<ImageDataset & { readonly told: readonly string[] }> {
  const told: string[] = []
  const data = npz(encodeNpz(arrays), options)
  return { ...(await data.open(split, { onWarning: warning => told.push(warning) })), told }
}

const pixels = async (dataset: ImageDataset, place = 0): Promise<number[]> => [
  ...(await dataset.read([place]))[0]!.image
]

describe('arrays are found by their names:', () => {
  const parts = (x: string, y: string, testX: string, testY: string): Readonly<Record<string, NpyArray>> => ({
    [x]: images(3, 2, 2),
    [y]: labels(0, 1, 2),
    [testX]: images(2, 2, 2),
    [testY]: { shape: [2, 1], data: BigInt64Array.of(1n, 0n) }
  })
  test.each([
    ['x_train', 'y_train', 'x_test', 'y_test'],
    ['X_train', 'y_train', 'X_test', 'y_test'],
    ['train_images', 'train_labels', 'test_images', 'test_labels']
  ])('%s, %s, %s, %s', async (...names) => {
    const [train, held] = [await opened(parts(...names)), await opened(parts(...names), 'test')]
    expect([train.size, train.shape, [...train.labels!], train.classes]).toEqual([
      3,
      [2, 2, 1],
      [0, 1, 2],
      ['0', '1', '2']
    ])
    expect([held.size, [...held.labels!], held.classes, held.told]).toEqual([2, [1, 0], ['0', '1', '2'], []])
    expect(await pixels(train, 1)).toEqual([4, 5, 6, 7])
  })

  test.each([
    ['images', 'labels'],
    ['x', 'y'],
    ['X', 'y'],
    ['data', 'target']
  ])('%s and %s, of which some are held out', async (x, y) => {
    const arrays = { [x]: images(10, 1, 2, 3), [y]: labels(0, 1, 0, 1, 0, 1, 0, 1, 0, 1) }
    const [train, held] = [await opened(arrays), await opened(arrays, 'test')]
    expect([train.size, held.size, train.shape, [...held.labels!].sort()]).toEqual([8, 2, [1, 2, 3], [0, 1]])
    expect(train.told).toEqual([
      'npz: 10 images and none to test with, so 2 of them are held out, and 8 are learned from.'
    ])
    await expect(opened(arrays, 'test', { holdOut: 0 })).rejects.toThrow(LacksPart)
    expect((await opened(arrays, 'train', { holdOut: 0 })).size).toBe(10)
  })

  test('those that are said, and others are told', async () => {
    const arrays = {
      scans: images(2, 4),
      kinds: { shape: [2], data: ['b', 'a'] },
      val_scans: images(2, 4),
      x: images(2, 2, 2)
    }
    const said = { images: 'scans', labels: 'kinds', testImages: 'val_scans', shape: [2, 2, 1] as const }
    const [train, held] = [await opened(arrays, 'train', said), await opened(arrays, 'test', said)]
    expect([train.size, [...train.labels!], train.classes, train.leftOut]).toEqual([
      2,
      [1, 0],
      ['a', 'b'],
      ['the arrays x']
    ])
    expect([held.size, [...held.labels!]]).toEqual([2, [-1, -1]])
    expect(train.told).toEqual(['npz: left out the arrays x.'])
  })

  test('a limit is of those to train with', async () => {
    expect((await opened({ x: images(10, 1, 1) }, 'train', { limit: 4 })).size).toBe(4)
  })
})

test('floats from 0 to 1 become bytes, and truths black and white', async () => {
  const floats = { x: { shape: [1, 1, 3], data: Float32Array.of(0, 0.2, 1) } }
  expect(await pixels(await opened(floats, 'train', { holdOut: 0 }))).toEqual([0, 51, 255])
})

test('a file is given by its path, its address or itself', async () => {
  const path = join(folder, 'digits.npz')
  const bytes = encodeNpz({ x_train: images(2, 2, 2), x_test: images(1, 2, 2) })
  await writeFile(path, bytes)
  for (const source of [path, pathToFileURL(path), new File([bytes], 'digits.npz'), new Blob([bytes]), bytes.buffer])
    expect((await npz(source).open('train')).size).toBe(2)
  expect([npz('digits.npz').name, npz(new File([bytes], 'a.npz')).name]).toEqual(['digits.npz', 'a.npz'])
  expect((await npz('digits.npz').open('test', { from: folder })).size).toBe(1)
  await expect(npz('digits.npz').open('test')).rejects.toThrow(
    'npz: expected a file of arrays at digits.npz, but it is'
  )
})

test.each<[string, Readonly<Record<string, NpyArray>>, NpzOptions, string]>([
  [
    'no array by a usual name',
    { features: images(2, 2, 2), names: labels(0, 1) },
    {},
    'npz: expected arrays such as x_train and y_train, or images and labels, in npz, got features, names. Say which ' +
      "it is: npz('npz', { images: 'features' })."
  ],
  [
    'an array that is not there',
    { x: images(2, 2, 2) },
    { labels: 'z' },
    'npz: expected an array z in npz, got x. Name'
  ],
  [
    'channels first',
    { x: images(2, 3, 8, 8) },
    {},
    'npz: expected x of npz to be images [images, height, width, channels] or [images, height, width], got |u1 of ' +
      '(2, 3, 8, 8). Put the channels last: x.transpose(0, 2, 3, 1).'
  ],
  ['rows of numbers', { x: images(2, 4) }, {}, 'got |u1 of (2, 4). Say the shape of an image: shape: [28, 28, 1].'],
  [
    'another shape than it has',
    { x: images(2, 4) },
    { shape: [3, 1, 1] },
    'expected 2 images of 3 × 1 × 1, got 8 bytes.'
  ],
  [
    'texts',
    { x: { shape: [1, 1, 1], data: ['a'] } },
    {},
    'got <U1 of (1, 1, 1). Save them as bytes or floats: x.astype('
  ],
  ['64 bits', { x: { shape: [1, 1, 1], data: BigInt64Array.of(1n) } }, {}, 'got <i8 of (1, 1, 1). Save them as bytes'],
  [
    'floats up to 255',
    { x: { shape: [2, 1, 1], data: Float32Array.of(0, 254) } },
    {},
    'npz: expected floats from 0 to 1, got 254 in image 1. Divide by 255'
  ],
  [
    'one-hot labels',
    { x: images(2, 2, 2), y: images(2, 3) },
    {},
    'npz: expected y of npz to hold one label for each image, got an array of (2, 3). Save the numbers of classes: y'
  ],
  [
    'too few labels',
    { x: images(2, 2, 2), y: labels(0) },
    {},
    'npz: expected a label for each of 2 images of x in npz, got 1 in y. Save as many.'
  ]
])('%s is refused', async (_, arrays, options, message) => {
  await expect(opened(arrays, 'train', options)).rejects.toThrow(message)
})
