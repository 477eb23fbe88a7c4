import '@tensorflow/tfjs-backend-cpu'
import { seeded, type Batch } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  batchOf,
  classBalanced,
  dataOf,
  imageDataset,
  loader,
  pick,
  subset,
  type Dataset,
  type ImageExample,
  type View
} from '../index.ts'

describe('what a data set of images reads, or a view makes of it, is looked at as it becomes tensors', () => {
  const given = { name: 'read', classes: ['a', 'b'], shape: [1, 2, 1] as const, size: 2 }
  const bytes = Uint8Array.of(7, 255)
  const collated = async (example: object, views: readonly View[] = [tf.clone as never]): Promise<Batch> =>
    batchOf(imageDataset({ ...given, read: async places => Array.from(places, () => example as never) }), [0], {
      views,
      random: seeded(0)
    })

  test('bytes and the places of classes are taken', async () => {
    for (const image of [bytes, Uint8ClampedArray.from(bytes), Buffer.from(bytes)]) {
      const { views, labels } = await collated({ image, label: 1 })
      expect([[...views[0].dataSync()].map(value => Math.round(255 * value)), [...labels!.dataSync()]]).toEqual([
        [7, 255],
        [1]
      ])
    }
  })

  const wrongImage = 'read: expected the image of an example as a Uint8Array of pixels from 0 to 255, got '
  const wrongLabel =
    'read: expected the label of an example to be a whole number from 0 to 1, or -1 where it is unknown, got '
  test.each<[string, object, string]>([
    ['floats', { image: Float32Array.of(0.5, 1), label: 0 }, `${wrongImage}a Float32Array. Of values from 0 to 1 make`],
    ['16 bits', { image: Uint16Array.of(5, 1), label: 0 }, `${wrongImage}a Uint16Array.`],
    ['a list', { image: [5, 1], label: 0 }, `${wrongImage}a list of 2.`],
    ['no image', { label: 0 }, `${wrongImage}undefined.`],
    [
      'too few pixels',
      { image: bytes.subarray(1), label: 0 },
      'read: expected images of 1 × 2 × 1 pixels, got 1 numbers'
    ],
    ['a word', { image: bytes, label: 'cat' }, `${wrongLabel}'cat'. Give the place of its class`],
    ['no label', { image: bytes }, `${wrongLabel}undefined.`],
    ['half a class', { image: bytes, label: 1.5 }, `${wrongLabel}1.5.`],
    ['beyond 32 bits', { image: bytes, label: 2 ** 33 + 3 }, `${wrongLabel}8589934595.`],
    ['beyond the classes', { image: bytes, label: 2 }, `${wrongLabel}2.`],
    ['below -1', { image: bytes, label: -5 }, `${wrongLabel}-5.`],
    ['a bigint', { image: bytes, label: 1n }, `${wrongLabel}1n.`],
    ['no record', [bytes, 1], 'read: expected examples { image, label }, got [']
  ])('%s is refused', async (_, example, words) => {
    await expect(collated(example)).rejects.toThrow(words)
  })

  test('floats of a view on the host are refused', async () => {
    const scaled: View<ImageExample> = {
      onExample: ({ image, label }) => ({ image: Float32Array.from(image, value => value / 255) as never, label })
    }
    await expect(collated({ image: bytes, label: 0 }, [scaled as View])).rejects.toThrow(`${wrongImage}a Float32Array.`)
  })

  test.each<[object, string]>([
    [{ shape: undefined }, 'read: expected a shape [height, width, channels], got undefined. Say all three.'],
    [{ shape: [1, 2] }, 'read: expected a shape [height, width, channels], got [1,2]. Say all three.'],
    [{ classes: undefined }, 'imageDataset, read: expected a list of classes, [] where there are none, got undefined.'],
    [{ name: undefined }, 'imageDataset: expected a name, got undefined.']
  ])('%j is refused at once', (fields, words) => {
    expect(() => imageDataset({ ...given, read: async () => [], ...(fields as object) })).toThrow(words)
  })
})

test.each<[string, unknown, string]>([
  ['too few', Int32Array.of(0, 1), '2 of them'],
  ['too many', new Int32Array(7), '7 of them'],
  ['words', ['a', 'b', 'a', 'b', 'a', 'b'], 'a list'],
  ['not even numbers', [NaN, 0, 1, 0, 1, 0], 'a list'],
  ['floats', new Float32Array(6), 'a Float32Array']
])('labels of a data set that are %s are refused where the data set is used', async (_, labels, got) => {
  const dataset = {
    name: 'own',
    size: 6,
    classes: ['a', 'b'],
    labels,
    read: async (places: ArrayLike<number>) => Array.from(places),
    collate: (examples: readonly unknown[]) => ({ input: tf.zeros([examples.length, 1]) })
  } as Dataset
  const views = [tf.clone as never]
  for (const [who, act] of Object.entries({
    loader: () => loader(dataset, { batchSize: 2, random: seeded(1), views, sampler: classBalanced({ perClass: 2 }) }),
    classBalanced: () => classBalanced({ perClass: 2 })(dataset, 2),
    subset: () => subset(dataset, { count: 2 }),
    pick: () => pick(dataset, Uint32Array.of(0)),
    batchOf: () => batchOf(dataset, [0], { views, random: seeded(0) }),
    mine: () => dataOf({ name: 'mine', train: () => dataset }).open('train')
  })) {
    await expect(async () => act()).rejects.toThrow(
      `${who}: expected the labels of own to be an Int32Array of 6, one for each example and -1 where it is unknown, ` +
        `got ${got}. Make one by Int32Array.from(labels), or leave labels out.`
    )
  }
})
