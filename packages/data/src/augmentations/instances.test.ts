import '@tensorflow/tfjs-backend-cpu'
import { dispose, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  collateInstances,
  instanceCrop,
  loader,
  throughGeometry,
  type Dataset,
  type InstanceExample
} from '../index.ts'
import { drawGeometry, type Geometry } from './geometry.ts'

const range = { size: 13, scale: [0.1, 1], ratio: [0.5, 2], flip: 0.5 } as const

/** Rectangles of a colour each on black, in a picture of any shape. */
function painted(seed: number, objects = 4): InstanceExample {
  const u = seeded(seed).uniforms(2 + 4 * objects)
  const [height, width] = [20 + Math.floor(30 * u[0]!), 20 + Math.floor(30 * u[1]!)]
  const image = new Uint8Array(height * width * 3)
  const masks = new Uint8Array(objects * height * width)
  const boxes = Array.from({ length: objects }, (_, object) => {
    const [a = 0, b = 0, c = 0, d = 0] = u.subarray(2 + 4 * object)
    const [top, left] = [Math.floor(a * (height - 8)), Math.floor(b * (width - 8))]
    const [bottom, right] = [
      top + 3 + Math.floor(c * (height - top - 3)),
      left + 3 + Math.floor(d * (width - left - 3))
    ]
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        image.set(colourOf(object), (y * width + x) * 3)
        masks[(object * height + y) * width + x] = 1
      }
    }
    return [top, left, bottom, right]
  })
  return {
    image,
    height,
    width,
    channels: 3,
    boxes: Float32Array.from(boxes.flat()),
    classes: Int32Array.from(boxes.keys()),
    masks
  }
}
const colourOf = (object: number): number[] => [50 + 40 * object, 250 - 50 * object, 80]

test('the image is what tf.image.cropAndResize makes of it', () => {
  for (let seed = 0; seed < 20; seed++) {
    const example = painted(seed)
    const { height, width } = example
    for (const size of [1, 2, 13, 60]) {
      const geometry = drawGeometry({ ...range, size }, seeded(seed).split('geometry', size), width / height)
      const [top, left, bottom, right] = geometry.box
      const box = geometry.flip ? [top, right, bottom, left] : [top, left, bottom, right]
      const cropped = tf.image.cropAndResize(
        tf.tensor4d(example.image, [1, height, width, 3], 'float32'),
        tf.tensor2d(box, [1, 4]),
        tf.tensor1d([0], 'int32'),
        [size, size],
        'bilinear'
      )
      const expected = cropped.dataSync()
      throughGeometry(example, geometry).image.forEach((value, i) =>
        expect(Math.abs(value - expected[i]!)).toBeLessThan(0.501)
      )
    }
  }
})

test('of a painted rectangle the mask fills the box within a pixel, and what it covers has its colour', () => {
  let gone = 0
  for (let seed = 0; seed < 200; seed++) {
    const example = painted(seed, 1)
    const geometry = drawGeometry(range, seeded(seed).split('geometry'), example.width / example.height)
    const { image, boxes, masks, classes, height, width } = throughGeometry(example, geometry)
    expect([boxes.length, masks!.length, height, width]).toEqual([4 * classes.length, 169 * classes.length, 13, 13])
    if (classes.length === 0) {
      gone++
      continue
    }
    const inside = Array.from(masks!.keys()).filter(i => masks![i] === 1)
    const [rows, columns] = [inside.map(i => Math.floor(i / 13)), inside.map(i => i % 13)]
    const found = [Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1]
    found.forEach((edge, i) => expect(Math.abs(edge - boxes[i]!)).toBeLessThanOrEqual(1))
    // At its rim the colour blends with the black around it.
    const [top, left, bottom, right] = found as [number, number, number, number]
    for (let y = top + 1; y < bottom - 1; y++) {
      for (let x = left + 1; x < right - 1; x++)
        expect([...image.subarray((y * 13 + x) * 3, (y * 13 + x) * 3 + 3)]).toEqual(colourOf(0))
    }
  }
  expect(gone).toBeGreaterThan(0)
  expect(gone).toBeLessThan(100)
})

test('objects that left the picture are gone, the others keep their classes and masks, boxes are cut', () => {
  const example: InstanceExample = {
    image: new Uint8Array(64).fill(9),
    height: 8,
    width: 8,
    channels: 1,
    boxes: Float32Array.of(0, 0, 2, 2, 4, 0, 8, 8),
    classes: Int32Array.of(7, 5)
  }
  // The lower half of the pixels, rows 4 to 7, mirrored.
  const lower: Geometry = { box: [4 / 7, 0, 1, 1], flip: true, size: 8 }
  const { boxes, classes, masks } = throughGeometry(example, lower)
  expect([[...classes], [...boxes].map(edge => Math.round(edge)), masks]).toEqual([[5], [0, 0, 8, 8], undefined])
  const { boxes: flipped } = throughGeometry(example, { box: [0, 0, 1, 1], flip: true, size: 8 })
  expect([...flipped]).toEqual([0, 6, 2, 8, 4, 0, 8, 8])
})

test('crops of pictures of any size give batches whose boxes, classes and masks are those of their view', async () => {
  const pictures: Dataset<InstanceExample> = {
    name: 'painted',
    size: 12,
    classes: ['a', 'b', 'c', 'd'],
    read: async places => Array.from(places, place => painted(place)),
    collate: collateInstances
  }
  const crop = instanceCrop({ size: 16, scale: [0.3, 1] })
  const before = tf.memory().numTensors
  for await (const { batch } of loader(pictures, { batchSize: 4, random: seeded(2), views: [crop, crop] }).batches()) {
    expect(batch.views.map(({ shape }) => shape)).toEqual([
      [4, 16, 16, 3],
      [4, 16, 16, 3]
    ])
    const { boxes, classes, masks } = batch.examples as Readonly<Record<string, readonly tf.Tensor[]>>
    const places = batch.indices!.dataSync()
    for (const [i, place] of places.entries()) {
      const made = crop.onExample!(painted(place), seeded(2).split('example', 0, 0, place)) as InstanceExample
      expect([...boxes![i]!.dataSync()]).toEqual([...made.boxes])
      expect([...classes![i]!.dataSync()]).toEqual([...made.classes])
      expect(masks![i]!.shape).toEqual([made.classes.length, 16, 16])
    }
    dispose(batch)
    break
  }
  expect(tf.memory().numTensors).toBe(before)
  await expect(
    loader(pictures, { batchSize: 4, random: seeded(2), views: [{ onBatch: input => input }] })
      .batches()
      .next()
  ).rejects.toThrow('collateInstances: expected pictures of one size, got ')
  expect(() => instanceCrop({ size: 0 })).toThrow('instanceCrop: expected size to be a whole number from 1 to 8192')
})

describe('a picture that is none is refused, on the host and as it is collated', () => {
  const picture = painted(1, 2)
  const [pixels, two] = [picture.image.length, picture.boxes]
  test.each<[string, Partial<Record<keyof InstanceExample, unknown>>, string]>([
    [
      'floats',
      { image: Float32Array.from(picture.image, value => value / 255) },
      'expected the image of a picture as a Uint8Array of pixels from 0 to 255, got a Float32Array. Of values'
    ],
    [
      'no image',
      { image: undefined },
      'the image of a picture as a Uint8Array of pixels from 0 to 255, got undefined.'
    ],
    ['too few pixels', { image: picture.image.subarray(1) }, `× 3 numbers, got ${pixels - 1}. Say its height`],
    ['a height that is none', { height: 2.5 }, 'expected the height of a picture to be a whole number of 1 or more'],
    [
      'boxes of three',
      { boxes: two.subarray(2) },
      'for each of its 2 classes, got 6 numbers. Make one by Float32Array'
    ],
    [
      'boxes in lists',
      { boxes: [[1, 2, 3, 4]] },
      'for each of its 2 classes, got a list of 1. Make one by Float32Array'
    ],
    ['a box of NaN', { boxes: Float32Array.of(0, 0, 1, 1, 0, NaN, 1, 1) }, 'got [0, NaN, 1, 1] as number 1. Mend it'],
    ['a box upside down', { boxes: Float32Array.of(5, 0, 1, 1, 0, 0, 1, 1) }, 'got [5, 0, 1, 1] as number 0. Mend it'],
    [
      'classes in a list',
      { classes: [0, 1] },
      'the classes of a picture as an Int32Array, one for each object, got a li'
    ],
    ['more classes than boxes', { classes: Int32Array.of(0, 1, 2) }, 'for each of its 3 classes, got 8 numbers.'],
    ['masks of another size', { masks: new Uint8Array(3) }, 'for each of its 2 objects, got 3 numbers. Give a mask of']
  ])('%s', (_, part, words) => {
    const wrong = { ...picture, ...part } as InstanceExample
    const whole: Geometry = { box: [0, 0, 1, 1], flip: false, size: 4 }
    for (const [who, act] of Object.entries({
      instanceCrop: () => instanceCrop({ size: 4 }).onExample!(wrong, seeded(1)),
      throughGeometry: () => throughGeometry(wrong, whole),
      collateInstances: () => collateInstances([picture, wrong])
    })) {
      expect(act).toThrow(words)
      expect(act).toThrow(`${who}: expected the `)
    }
  })
})
