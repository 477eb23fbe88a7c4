import * as tf from '@tensorflow/tfjs-core'
import { checkPlaces, type Collated, type Dataset } from './dataset.ts'

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

export type ImageShape = readonly [height: number, width: number, channels: number]

/** Whether a data set is one of images of one shape. */
export const isImageDataset = (dataset: Dataset): dataset is ImageDataset => 'shape' in dataset

/** A data set of images, given how they are read: its `collate` makes values from 0 to 1 of their pixels. */
export const imageDataset = (images: Omit<ImageDataset, 'collate'>): ImageDataset => ({
  ...images,
  collate: examples => collateImages(images, examples)
})

export interface ImagesInMemory extends Pick<ImageDataset, 'name' | 'classes' | 'shape'> {
  /** Pixels from 0 to 255, image after image. */
  readonly images: Uint8Array
  /** The class of each image; -1 where it is unknown. */
  readonly labels: Int32Array
}

/**
 * A data set of images whose pixels are in memory.
 *
 * @throws Error unless there are pixels for as many images as labels
 */
export function inMemory({ name, classes, shape, images, labels }: ImagesInMemory): ImageDataset {
  const length = pixelsOf(shape)
  if (images.length !== labels.length * length) {
    throw new Error(
      `${name}: expected ${labels.length} images of ${shape.join(' × ')}, got ${images.length} bytes. ` +
        'The data may be cut short.'
    )
  }
  return imageDataset({
    name,
    classes,
    shape,
    size: labels.length,
    labels,
    read: async places => {
      checkPlaces(name, places, labels.length)
      return Array.from(places, place => ({
        image: images.subarray(place * length, (place + 1) * length),
        label: labels[place]!
      }))
    }
  })
}

function collateImages(
  { name, shape }: Pick<ImageDataset, 'name' | 'shape'>,
  examples: readonly ImageExample[]
): Collated {
  const length = pixelsOf(shape)
  const pixels = new Uint8Array(examples.length * length)
  examples.forEach(({ image }, i) => {
    if (image.length !== length) {
      throw new Error(
        `${name}: expected images of ${shape.join(' × ')} pixels, got ${image.length} numbers. ` +
          'A view may change the values of an image on the host, and its size on tensors.'
      )
    }
    pixels.set(image, i * length)
  })
  const labels = Int32Array.from(examples, ({ label }) => label)
  return {
    input: tf.div(tf.tensor4d(pixels, [examples.length, ...shape], 'int32'), 255),
    labels: labels.every(label => label >= 0) ? tf.tensor1d(labels, 'int32') : undefined
  }
}

const pixelsOf = ([height, width, channels]: ImageShape): number => height * width * channels
