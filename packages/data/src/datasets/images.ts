import { checkGiven } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkWhole } from '../whole-number.ts'
import { checkBytes } from './check-bytes.ts'
import { checkPlaces, shownBy, type Collated, type Dataset } from './dataset.ts'

/** An image and its class. */
export interface ImageExample {
  /** Pixels from 0 to 255, in the shape of the data set. */
  readonly image: Uint8Array
  /** -1 where it is unknown. */
  readonly label: number
}

/** Labelled images of one shape. */
export interface ImageDataset extends Dataset<ImageExample> {
  readonly shape: ImageShape
}

/** Of each image of a data set. */
export type ImageShape = readonly [height: number, width: number, channels: number]

/** Whether a data set is one of images of one shape. */
export const isImageDataset = (dataset: Dataset): dataset is ImageDataset =>
  typeof dataset === 'object' && (dataset as Dataset | null) !== null && 'shape' in dataset

/**
 * A data set of images, given how they are read: its `collate` makes values from 0 to 1 of their pixels, and labels as
 * long as one of them is known, -1 for the others. Places beyond it are refused; and so is, as it is collated, what
 * `read` or a view gives in place of bytes, as many as the shape has, and a label that is no number of a class.
 *
 * @throws TypeError for what does not read
 * @throws RangeError for a shape that is none
 */
export function imageDataset(images: Omit<ImageDataset, 'collate'>): ImageDataset {
  checkGiven('imageDataset', 'images, as in { name, size, classes, shape, read }', images, 'record')
  checkGiven('imageDataset', 'a name', images.name, 'string')
  checkGiven(`imageDataset, ${images.name}`, 'a function that reads images', images.read, 'function')
  checkGiven(`imageDataset, ${images.name}`, 'a list of classes, [] where there are none', images.classes, 'list')
  checkShape(images)
  return {
    ...shownBy(images),
    read: async places => {
      checkPlaces(images.name, places, images.size)
      return images.read(places)
    },
    collate: examples => collateImages(images, examples)
  }
}

/** Insists on a shape of three whole numbers of 1 or more. */
export function checkShape({ name, shape }: Pick<ImageDataset, 'name' | 'shape'>): void {
  if (!Array.isArray(shape) || shape.length !== 3) {
    throw new RangeError(
      `${name}: expected a shape [height, width, channels], got ${JSON.stringify(shape)}. Say all three.`
    )
  }
  shape.forEach((length, i) =>
    checkWhole(name, `the ${['height', 'width', 'number of channels'][i]} of its shape`, length, 1)
  )
}

function collateImages(
  { name, shape, classes }: Pick<ImageDataset, 'name' | 'shape' | 'classes'>,
  examples: readonly ImageExample[]
): Collated {
  const length = pixelsOf(shape)
  const pixels = new Uint8Array(examples.length * length)
  const labels = new Int32Array(examples.length)
  examples.forEach((example, i) => {
    checkGiven(name, 'examples { image, label }', example, 'record')
    const { image, label } = example
    checkBytes(`${name}: expected the image of an example`, image)
    if (image.length !== length) {
      throw new Error(
        `${name}: expected images of ${shape.join(' × ')} pixels, got ${image.length} numbers. ` +
          'A view may change the values of an image on the host, and its size on tensors.'
      )
    }
    checkLabel(name, classes, label)
    pixels.set(image, i * length)
    labels[i] = label
  })
  return {
    input: tf.div(tf.tensor4d(pixels, [examples.length, ...shape], 'int32'), 255),
    labels: labels.some(label => label >= 0) ? tf.tensor1d(labels, 'int32') : undefined
  }
}

/** What is no number of a class would be cut to one. */
function checkLabel(name: string, classes: readonly string[], label: unknown): void {
  const most = classes.length === 0 ? 2 ** 31 : classes.length
  if (typeof label === 'number' && Number.isInteger(label) && label >= -1 && label < most) return
  const got = typeof label === 'string' ? `'${label}'` : typeof label === 'bigint' ? `${label}n` : String(label)
  const Refused = typeof label === 'number' ? RangeError : TypeError
  throw new Refused(
    `${name}: expected the label of an example to be a whole number from 0 to ${most - 1}, or -1 where it is ` +
      `unknown, got ${got}. Give the place of its class among the classes.`
  )
}

const pixelsOf = ([height, width, channels]: ImageShape): number => height * width * channels
