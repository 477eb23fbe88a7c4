import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { batchOf, inMemory, type ImageDataset, type ImagesInMemory } from '../index.ts'

/** Two images of 2 × 1 pixels of one channel. */
const bytes = [0, 51, 102, 255]
const floats = bytes.map(byte => byte / 255)
const shape = [2, 1, 1] as const
const nested = [
  [[[0]], [[0.2]]],
  [[[0.4]], [[1]]]
]

const pixelsOf = async (dataset: ImageDataset): Promise<number[][]> =>
  (await dataset.read(Array.from({ length: dataset.size }, (_, i) => i))).map(({ image }) => [...image])

describe('images in memory', () => {
  test.each<[string, ImagesInMemory]>([
    ['bytes', { images: Uint8Array.from(bytes), shape }],
    ['clamped bytes', { images: Uint8ClampedArray.from(bytes), shape }],
    ['a Buffer', { images: Buffer.from(bytes), shape }],
    ['whole numbers of 16 bits', { images: Int16Array.from(bytes), shape }],
    ['whole numbers of 32 bits', { images: Int32Array.from(bytes), shape }],
    ['floats from 0 to 1', { images: Float32Array.from(floats), shape }],
    ['precise floats', { images: Float64Array.from(floats), shape }],
    ['a list of numbers', { images: floats, shape }],
    ['a list with an array for each image', { images: [Uint8Array.of(0, 51), Uint8Array.of(102, 255)], shape }],
    ['a list with floats for each image', { images: [Float32Array.of(0, 0.2), Float32Array.of(0.4, 1)], shape }],
    ['lists of lists', { images: nested }],
    [
      'lists of lists of grey',
      {
        images: [
          [[0], [0.2]],
          [[0.4], [1]]
        ]
      }
    ],
    [
      'lists of rows',
      {
        images: [
          [Uint8Array.of(0), Uint8Array.of(51)],
          [Uint8Array.of(102), Uint8Array.of(255)]
        ]
      }
    ]
  ])('are %s', async (_, given) => {
    const dataset = inMemory(given)
    expect(await pixelsOf(dataset)).toEqual([
      [0, 51],
      [102, 255]
    ])
    expect([dataset.shape, dataset.size, dataset.name, dataset.classes, [...dataset.labels!]]).toEqual([
      [2, 1, 1],
      2,
      'images',
      [],
      [-1, -1]
    ])
  })

  test('floats become the nearest of 256 values, and those of bytes the same bytes again', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const again = inMemory({ images: Float32Array.from(all, byte => byte / 255), shape: [16, 16, 1] })
    expect(await pixelsOf(again)).toEqual([[...all]])
    expect(await pixelsOf(inMemory({ images: Float32Array.of(0.001, 0.0021), shape: [1, 2, 1] }))).toEqual([[0, 1]])
  })

  test('bytes stay where they are, and floats are as they were', async () => {
    const images = Uint8Array.from(bytes)
    const dataset = inMemory({ images, shape })
    images[3] = 7
    expect(await pixelsOf(dataset)).toEqual([
      [0, 51],
      [102, 7]
    ])
    const given = Float32Array.from(floats)
    inMemory({ images: given, shape })
    expect(given).toEqual(Float32Array.from(floats))
  })

  const first = /^mine: /
  const wrong: readonly [string, object, string][] = [
    [
      'floats up to 255',
      { images: Float32Array.of(0, 0.5, 254.5, 1) },
      'mine: expected floats from 0 to 1, got 254.5 in image 1. Divide by 255, or give bytes: Uint8Array.from(images).'
    ],
    [
      'whole numbers in floats',
      { images: Float32Array.from(bytes) },
      'mine: expected floats from 0 to 1, got 51 in image 0. Divide by 255, or give bytes: Uint8Array.from(images).'
    ],
    [
      'normalised floats',
      { images: Float32Array.of(0.1, -1.5, 0.5, 2) },
      'mine: expected floats from 0 to 1, got -1.5 in image 0. Undo a normalisation by mean and deviation, or'
    ],
    ['NaN', { images: Float32Array.of(0, 0, 0, NaN) }, 'got NaN in image 1. Leave such images out, or fill them in.'],
    [
      '16 bits',
      { images: Uint16Array.of(0, 0, 65535, 0) },
      'mine: expected whole numbers from 0 to 255, got 65535 in image 1. Scale them first: of 16 bits divide by 65535'
    ],
    ['below 0', { images: Int8Array.of(0, -1, 0, 0) }, 'expected whole numbers from 0 to 255, got -1 in image 0.'],
    [
      'bigints',
      { images: BigInt64Array.of(0n, 0n, 0n, 0n) },
      'mine: expected images as bytes from 0 to 255, as floats'
    ],
    [
      'bytes without a shape',
      { shape: undefined },
      'mine: expected a shape [height, width, channels] beside pixels in'
    ],
    [
      'lists of other lengths',
      { images: [[[[0]], [[0.2]]], [[[0.4]]]], shape: undefined },
      'mine: expected images[1] to have 2 elements, as the first one has, got 1. Make all of one size.'
    ],
    [
      'lists of other depths',
      {
        images: [
          [[[0]], [[0.2]]],
          [[[0.4]], [1]]
        ],
        shape: undefined
      },
      'mine: expected images[1][1][0] to have 1 elements, as the first one has, got a number. Make all of one size.'
    ],
    [
      'lists too shallow',
      {
        images: [
          [0, 0.2],
          [0.4, 1]
        ],
        shape: undefined
      },
      'mine: expected lists [image][row][column][channel] or [image][row][column], got lists 2 deep. Say the shape'
    ],
    [
      'bytes beside floats',
      { images: [Uint8Array.of(0, 1), Float32Array.of(0, 1)] },
      'mine: expected images of one type, got Float32Array for images[1] beside Uint8Array.'
    ],
    ['words', { images: ['a', 'b'] }, 'mine: expected numbers from 0 to 1, got a string in images[0].'],
    [
      'bytes in lists',
      { images: [[[[0]], [[51]]]], shape: undefined },
      'got 51 in images[0][1][0][0]. Divide by 255, or'
    ],
    [
      'another shape than lists have',
      { images: nested, shape: [3, 1, 1] },
      'mine: expected 1 images of 3 × 1 × 1, got 4'
    ],
    ['no images', { images: [] }, 'mine: expected one image or more, got none. Give pixels.'],
    ['a text', { images: 'cats' }, "inMemory: expected images to be a list or a record, got 'cats'."],
    ['nothing', { images: undefined }, 'inMemory: expected images, as bytes from 0 to 255 or floats from 0 to 1, got'],
    [
      'a tensor',
      { images: tf.zeros([2, 2, 1, 1]) },
      'Give await images.data() of a tensor, and the shape of one image.'
    ],
    [
      'part of an image',
      { images: new Uint8Array(5) },
      'mine: expected 2 images of 2 × 1 × 1, got 5 bytes. The data may'
    ],
    [
      'too few labels',
      { labels: [0] },
      'mine: expected 1 images of 2 × 1 × 1, got 4 bytes. The data may be cut short.'
    ],
    [
      'a shape of two',
      { shape: [1, 2] },
      'mine: expected a shape [height, width, channels], got [1,2]. Say all three.'
    ],
    ['a shape of NaN', { shape: [1, NaN, 1] }, 'mine: expected the width of its shape to be a whole number of 1 or'],
    ['a shape in words', { shape: '1x2' }, "inMemory: expected shape to be a list, got '1x2'."],
    ['an unknown option', { label: [] }, 'inMemory: expected options among images, shape, labels, classes, name, got']
  ]
  test.each(wrong)('%s are refused, with what to do', (_, fields, message) => {
    expect(() => inMemory({ name: 'mine', images: Uint8Array.from(bytes), shape, ...fields })).toThrow(message)
    if (first.test(message))
      expect(() => inMemory({ images: Uint8Array.from(bytes), shape, ...fields })).toThrow(
        message.replace(first, 'inMemory: ')
      )
  })
})

describe('labels of images in memory', () => {
  const of = (labels: unknown, classes?: readonly string[]): ImageDataset =>
    inMemory({ name: 'mine', images: new Uint8Array(3), shape: [1, 1, 1], labels: labels as number[], classes })

  test.each<[string, unknown, readonly string[] | undefined, number[], string[]]>([
    ['a list of numbers', [0, 2, -1], undefined, [0, 2, -1], ['0', '1', '2']],
    ['an Int32Array', Int32Array.of(0, 1, -1), ['a', 'b'], [0, 1, -1], ['a', 'b']],
    ['bytes', Uint8Array.of(1, 0, 1), undefined, [1, 0, 1], ['0', '1']],
    ['floats that are whole', Float32Array.of(1, 0, 1), ['a', 'b'], [1, 0, 1], ['a', 'b']],
    ['bigints, as NumPy keeps them', BigInt64Array.of(1n, 0n, -1n), undefined, [1, 0, -1], ['0', '1']],
    ['names', ['dog', 'cat', 'dog'], undefined, [1, 0, 1], ['cat', 'dog']],
    ['names that are numbers', ['10', '9', '9'], undefined, [1, 0, 0], ['9', '10']],
    ['names of some of the classes', ['dog', 'cat', 'dog'], ['dog', 'emu', 'cat'], [0, 2, 0], ['dog', 'emu', 'cat']],
    ['none of them known', [-1, -1, -1], undefined, [-1, -1, -1], []],
    ['numbers of classes without names', [0, 9, 9], [], [0, 9, 9], []]
  ])('are %s', (_, labels, given, numbers, classes) => {
    const dataset = of(labels, given)
    expect([[...dataset.labels!], dataset.classes]).toEqual([numbers, classes])
  })

  test.each<[string, unknown, readonly string[] | undefined, string]>([
    [
      'beyond the classes',
      [0, 1, 2],
      ['a', 'b'],
      'mine: expected labels from 0 to 1, or -1 where none is known, got 2 for'
    ],
    ['below -1', [0, -2, 1], ['a', 'b'], 'expected labels from 0 to 1, or -1 where none is known, got -2 for image 1.'],
    [
      'halves',
      [0, 0.5, 1],
      undefined,
      'got 0.5 for image 1. Number the classes from 0, or give their names as labels.'
    ],
    ['dates', [20240101, 20240102, 20240103], undefined, 'got 20240101 for image 0. Number the classes from 0'],
    ['names of other classes', ['cat', 'dgo', 'cat'], ['cat', 'dog'], "got 'dgo' for image 1. Did you mean dog?"],
    [
      'names and numbers',
      ['cat', 1, 'cat'],
      undefined,
      'expected the name of a class for every image, got 1 for image 1.'
    ],
    ['numbers and names', [0, 'cat', 0], undefined, 'expected labels that are all numbers, or all names, got cat for'],
    ['empty names', ['cat', '', 'cat'], undefined, 'got an empty text for image 1. Give numbers, with -1'],
    [
      'one-hot',
      [
        [1, 0],
        [0, 1],
        [1, 0]
      ],
      undefined,
      'expected labels that are all numbers, or all names, got a record'
    ],
    ['too few', [0, 1], undefined, 'mine: expected 2 images of 1 × 1 × 1, got 3 bytes. The data may be cut short.'],
    ['a word', 'cat', undefined, "inMemory: expected labels to be a list, got 'cat'."]
  ])('are refused where they are %s', (_, labels, classes, message) => {
    expect(() => of(labels, classes)).toThrow(message)
  })

  test('that are known are kept where others are not', () => {
    const { collate } = of([0, 1, -1], ['a', 'b'])
    const image = new Uint8Array(1)
    const some = tf.tidy(() =>
      collate([
        { image, label: 1 },
        { image, label: -1 }
      ]).labels!.dataSync()
    )
    expect([...some]).toEqual([1, -1])
    expect(tf.tidy(() => collate([{ image, label: -1 }]).labels)).toBeUndefined()
  })

  test('are not read beyond their end', async () => {
    const dataset = of([0, 1, -1], ['a', 'b'])
    for (const place of [3, -1, 0.5, NaN]) {
      await expect(dataset.read([place])).rejects.toThrow(`mine: expected places from 0 to 2, got ${place}.`)
      await expect(
        batchOf(dataset, [place], { views: [{ onBatch: input => input }], random: seeded(0) })
      ).rejects.toThrow('places from 0 to 2')
    }
  })
})
