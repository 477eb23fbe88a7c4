import { checkGiven, checkOptions } from '@lapstrake/core'
import { placed } from '#openers'
import type { ImageDataset, ImageShape } from '../datasets/images.ts'
import { inMemory } from '../datasets/in-memory.ts'
import type { GivenLabels } from '../datasets/numbered-classes.ts'
import type { PixelsInMemory } from '../datasets/pixels-in-memory.ts'
import type { DecodedNpyArray } from '../npz/npy.ts'
import { decodeNpz, namesInNpz } from '../npz/npz.ts'
import { bytesFrom, isBytesSource, type BytesSource } from '../reading/bytes-from.ts'
import { checkPart, holdOut as heldOut } from './hold-out.ts'
import { dataOf, type Data, type OpenOptions, type Split } from './data.ts'
import { LacksPart } from './lacks-part.ts'

/** Which arrays of a file hold what. */
export interface NpzOptions {
  /** The array of images to train with; where it is said, the others are those that are said, too. */
  readonly images?: string | undefined
  /** The array of their labels: numbers of classes, or names. */
  readonly labels?: string | undefined
  /** The array of images to test with. */
  readonly testImages?: string | undefined
  readonly testLabels?: string | undefined
  /** Of an image, where an array holds a row of numbers for each. */
  readonly shape?: ImageShape | undefined
  /** Names of the classes, in the order of their numbers. */
  readonly classes?: readonly string[] | undefined
  /** Which part is held out to test with where the file has nothing for it: 0.1; 0 for none. */
  readonly holdOut?: number | undefined
  /** Only the first so many training examples. */
  readonly limit?: number | undefined
}

interface Names {
  readonly images: string
  readonly labels?: string | undefined
  readonly testImages?: string | undefined
  readonly testLabels?: string | undefined
}

/** What arrays are called by Keras, by MedMNIST and Keras's other sets, and by people. */
const usual: readonly Names[] = [
  { images: 'x_train', labels: 'y_train', testImages: 'x_test', testLabels: 'y_test' },
  { images: 'X_train', labels: 'y_train', testImages: 'X_test', testLabels: 'y_test' },
  { images: 'train_images', labels: 'train_labels', testImages: 'test_images', testLabels: 'test_labels' },
  { images: 'images', labels: 'labels' },
  { images: 'x', labels: 'y' },
  { images: 'X', labels: 'y' },
  { images: 'data', labels: 'target' }
]

/**
 * Images in a file of NumPy's arrays, as `numpy.savez` writes it: `npz('digits.npz')`, by its path in Node, by its
 * address, or the file itself in a page. Arrays are found by their usual names – `x_train` and `y_train`, `x_test` and
 * `y_test`; `train_images` and so on; `images` and `labels`; `x` and `y` – or by those that are said. What else there
 * is in the file is told.
 *
 * Images are `[images, height, width, channels]` or, grey, `[images, height, width]`: bytes from 0 to 255, or floats
 * from 0 to 1, which become the nearest of 256 values as `inMemory` says. Labels are numbers from 0, or texts. Where
 * there is nothing to test with, a tenth is held out as `holdOut` does it, and that is told.
 *
 * @throws TypeError for what is no place of a file, or none of the options
 * @throws RangeError for a part to hold out that is none
 * @throws Error when opened, if there are no such arrays, or they are no images and labels; it says what to save
 */
export function npz(source: BytesSource, options: NpzOptions = {}): Data<ImageDataset> {
  checkOptions<NpzOptions>('npz', options, {
    images: 'string',
    labels: 'string',
    testImages: 'string',
    testLabels: 'string',
    shape: 'list',
    classes: 'list',
    holdOut: 'number',
    limit: 'number'
  })
  const { holdOut = 0.1, limit } = options
  checkPart('npz', 'holdOut', holdOut)
  if (!isBytesSource(source)) checkGiven('npz', "the path of a file, as in 'digits.npz', or the file", source, 'string')
  const name = nameOf(source)
  const part =
    (split: Split) =>
    async ({ from, onWarning }: OpenOptions): Promise<ImageDataset> => {
      const isPath = typeof source === 'string' && !/^\w\w+:/.test(source)
      const bytes = await bytesFrom('npz', isPath ? placed(source, from) : source, 'a file of arrays')
      const images = imagesIn(name, bytes, options)
      if (images.hasTests) return images.open(split)
      if (holdOut === 0 && split === 'test')
        throw new LacksPart(
          `npz: expected images to test with in ${name}, such as x_test, got none. Save some, or have a part held ` +
            'out: holdOut: 0.1.'
        )
      if (holdOut === 0) return images.open('train')
      const { train, test } = heldOut(images.open('train'), { part: holdOut })
      if (split === 'train')
        onWarning?.(
          `${name}: ${counted(train.size + test.size)} images and none to test with, so ${counted(test.size)} of ` +
            `them are held out, and ${counted(train.size)} are learned from.`
        )
      return split === 'train' ? train : test
    }
  return dataOf({ name, limit, train: part('train'), test: part('test') })
}

const counted = (count: number): string => count.toLocaleString('en')

const nameOf = (source: BytesSource): string =>
  typeof source === 'string' || source instanceof URL
    ? String(source)
    : typeof File !== 'undefined' && source instanceof File
      ? source.name
      : 'npz'

interface ImagesIn {
  readonly hasTests: boolean
  readonly open: (split: Split) => ImageDataset
}

function imagesIn(name: string, bytes: Uint8Array, options: NpzOptions): ImagesIn {
  const there = namesInNpz(bytes)
  const names = namesAmong(name, there, options)
  const others = there.filter(one => !Object.values(names).includes(one))
  const leftOut = others.length === 0 ? undefined : [`the arrays ${others.join(', ')}`]
  const read = (array: string): DecodedNpyArray => decodeNpz(bytes, [array])[array]!
  const labelsOf = (array: string | undefined): GivenLabels | undefined =>
    array === undefined ? undefined : flatLabels(name, array, read(array))
  const part = (images: string, labels: string | undefined, classes: readonly string[] | undefined): ImageDataset => {
    const { pixels, shape, count } = pixelsOf(name, images, read(images), options.shape)
    const given = labelsOf(labels)
    if (given !== undefined && given.length !== count)
      throw new Error(
        `npz: expected a label for each of ${count} images of ${images} in ${name}, got ${given.length} in ` +
          `${labels}. ` +
          'Save as many.'
      )
    return { ...inMemory({ name, images: pixels, shape, labels: given, classes }), leftOut }
  }
  return {
    hasTests: names.testImages !== undefined,
    open(split) {
      if (split === 'train') return part(names.images, names.labels, options.classes)
      const { images, labels } = names
      const classes = options.classes ?? (labels === undefined ? undefined : part(images, labels, undefined).classes)
      return part(names.testImages!, names.testLabels, classes)
    }
  }
}

/** What the arrays of a file are called. */
function namesAmong(name: string, there: readonly string[], options: NpzOptions): Names {
  const { images, labels, testImages, testLabels } = options
  const found = images === undefined ? usual.find(one => there.includes(one.images)) : { images }
  if (found === undefined) {
    throw new Error(
      `npz: expected arrays such as x_train and y_train, or images and labels, in ${name}, got ` +
        `${there.join(', ') || 'none'}. Say which it is: npz('${name}', { images: '${there[0] ?? '…'}' }).`
    )
  }
  const said = { images, labels, testImages, testLabels }
  const missing = Object.values(said).find(one => one !== undefined && !there.includes(one))
  if (missing !== undefined)
    throw new Error(
      `npz: expected an array ${missing} in ${name}, got ${there.join(', ') || 'none'}. Name one of them.`
    )
  const kept = (one: string | undefined): string | undefined =>
    one !== undefined && there.includes(one) ? one : undefined
  return {
    images: found.images,
    labels: labels ?? kept((found as Names).labels),
    testImages: testImages ?? kept((found as Names).testImages),
    testLabels: testLabels ?? kept((found as Names).testLabels)
  }
}

/** The pixels of an array of images, and how large each is. */
function pixelsOf(
  name: string,
  array: string,
  { shape: lengths, data, dtype }: DecodedNpyArray,
  given: ImageShape | undefined
): { readonly pixels: PixelsInMemory; readonly shape: ImageShape; readonly count: number } {
  const [count = 0, ...image] = lengths
  const refused = (mend: string): Error =>
    new Error(
      `npz: expected ${array} of ${name} to be images [images, height, width, channels] or [images, height, width], ` +
        `got ${dtype} of (${lengths.join(', ')}). ${mend}`
    )
  if (dtype.includes('U') || dtype.includes('S') || (dtype.endsWith('8') && /[ui]8$/.test(dtype)))
    throw refused("Save them as bytes or floats: x.astype('u1').")
  const pixels = dtype === '|b1' ? (data as Uint8Array).map(value => 255 * value) : (data as PixelsInMemory)
  if (given !== undefined) return { pixels, shape: given, count }
  const [height, width, channels = 1] = image
  if (image.length === 3 && [1, 3, 4].includes(height!) && ![1, 2, 3, 4].includes(channels))
    throw refused('Put the channels last: x.transpose(0, 2, 3, 1).')
  if (image.length === 3 || image.length === 2) return { pixels, shape: [height!, width!, channels], count }
  throw refused('Say the shape of an image: shape: [28, 28, 1].')
}

/** A label for each row. */
function flatLabels(name: string, array: string, { shape, data }: DecodedNpyArray): GivenLabels {
  if (data.length === shape[0]) return data as GivenLabels
  throw new Error(
    `npz: expected ${array} of ${name} to hold one label for each image, got an array of (${shape.join(', ')}). ` +
      'Save the numbers of classes: y.argmax(1) of one-hot rows.'
  )
}
