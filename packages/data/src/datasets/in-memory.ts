import { checkGiven, checkOptions } from '@lapstrake/core'
import { checkShape, imageDataset, type ImageDataset, type ImageShape } from './images.ts'
import { numberedClasses, type GivenLabels } from './numbered-classes.ts'
import { pixelBytes, type PixelsInMemory } from './pixels-in-memory.ts'

/** Images that are there already, and what they show. */
export interface ImagesInMemory {
  /**
   * Pixels, image after image, row after row, the channels of a pixel beside each other: in one array, in a list with
   * an array for each image, or in lists `[image][row][column][channel]`. Bytes, and other whole numbers in an array of
   * their type, are from 0 to 255; floats, and numbers in lists, from 0 to 1.
   */
  readonly images: PixelsInMemory
  /** Of each image; lists of lists tell it themselves. */
  readonly shape?: ImageShape | undefined
  /** The class of each image: its number, -1 where it is unknown, or its name. None is known when left out. */
  readonly labels?: GivenLabels | undefined
  /** Names of the classes, in the order of their numbers; those that the labels tell, when left out. */
  readonly classes?: readonly string[] | undefined
  /** What to call the data set in a table: `images` when left out. */
  readonly name?: string | undefined
}

/**
 * A data set of images whose pixels are in memory: `inMemory({ images, shape: [28, 28, 1], labels })`.
 *
 * A data set of images holds bytes. A `Uint8Array` is taken as it is, and not copied; floats are rounded to the nearest
 * 255th, which gives those of an image of 8 bits back exactly and moves others by 0.002 at most. Where that is too
 * coarse, write a data set of your own: a record with `read` and `collate`.
 *
 * @throws TypeError for what are no pixels or labels, and lists of different lengths
 * @throws RangeError for whole numbers beyond 0 to 255 and floats beyond 0 to 1, a shape that is none, and labels that
 * are none of the classes
 * @throws Error unless there are pixels for as many images as labels, and one image or more
 */
export function inMemory(given: ImagesInMemory): ImageDataset {
  checkOptions('inMemory', given, {
    images: ['list', 'record'],
    shape: 'list',
    labels: 'list',
    classes: 'list',
    name: 'string'
  })
  const { name = 'images', classes: named } = given
  const who = given.name ?? 'inMemory'
  checkGiven('inMemory', 'images, as bytes from 0 to 255 or floats from 0 to 1', given.images, ['list', 'record'])
  if (given.shape !== undefined) checkShape({ name: who, shape: given.shape })
  if (given.images.length === 0) throw new Error(`${who}: expected one image or more, got none. Give pixels.`)
  const { bytes, shape } = pixelBytes(who, given.images, given.shape)
  checkShape({ name: who, shape })
  const each = shape.reduce((product, length) => product * length, 1)
  const count = given.labels?.length ?? Math.floor(bytes.length / each)
  if (bytes.length !== count * each || count === 0) {
    throw new Error(
      `${who}: expected ${Math.max(1, count)} images of ${shape.join(' × ')}, got ${bytes.length} ` +
        `${given.images instanceof Uint8Array ? 'bytes' : 'numbers'}. The data may be cut short.`
    )
  }
  const { labels, classes } =
    given.labels === undefined
      ? { labels: new Int32Array(count).fill(-1), classes: named ?? [] }
      : numberedClasses(who, given.labels, named)
  return imageDataset({
    name,
    classes,
    shape,
    size: count,
    labels,
    read: async places =>
      Array.from(places, place => ({ image: bytes.subarray(place * each, (place + 1) * each), label: labels[place]! }))
  })
}
