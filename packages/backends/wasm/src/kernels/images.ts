import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import { attributesOf, isFloat, sizeOf, type Native, type Natives } from './kernel.ts'

interface CropAttrs {
  readonly cropSize: [number, number]
  readonly method: string
  readonly extrapolationValue: number
}

const cropAndResize: Native = given => {
  const { inputs, backend } = given
  const { image, boxes, boxInd } = inputs as { image: tf.TensorInfo; boxes: tf.TensorInfo; boxInd: tf.TensorInfo }
  const {
    cropSize: [tall, wide],
    method,
    extrapolationValue
  } = attributesOf<CropAttrs>(given)
  if (method !== 'bilinear' || !isFloat(image, boxes) || boxInd.dtype !== 'int32') return undefined
  const [images, height, width, channels] = image.shape as [number, number, number, number]
  const crops = boxes.shape[0]!
  const which = backend.addressOf(boxInd) / 4
  if (backend.engine.ints.subarray(which, which + crops).some(place => place < 0 || place >= images)) return undefined
  const result = backend.allocate([crops, tall, wide, channels])
  const addresses = [image, boxes, boxInd, result].map(info => backend.addressOf(info))
  const { engine } = backend
  engine.withScratch(12 * wide * engine.threads, columns =>
    engine.run(
      'cropAndResize',
      [...addresses, height, width, channels, tall, wide, bitsOf(extrapolationValue), columns, 12 * wide],
      crops * tall,
      10 * sizeOf(result.shape)
    )
  )
  return result
}

/**
 * Each pixel of three colours times its image's matrix, and the image's mean brightness times a number of its own; cut
 * to [0, 1].
 */
const mixColors: Native = ({ inputs, backend }) => {
  const { images, matrices, lifts, luma } = inputs as Record<'images' | 'matrices' | 'lifts' | 'luma', tf.TensorInfo>
  const [count, height, width] = images.shape as [number, number, number]
  const result = backend.allocate(images.shape)
  const addresses = [images, matrices, lifts, luma, result].map(info => backend.addressOf(info))
  const size = sizeOf(images.shape)
  backend.engine.run('mixColors', [...addresses, height * width], size === 0 ? 0 : count, 8 * size)
  return result
}

/**
 * A blur down the columns, then along the rows, with the weights `[batch, size]` of each image; those over the edge
 * count as none.
 */
const blurImages: Native = ({ inputs, backend }) => {
  const { images, weights } = inputs as Record<'images' | 'weights', tf.TensorInfo>
  const [count, height, width, channels] = images.shape as [number, number, number, number]
  const size = weights.shape[1]!
  const { engine } = backend
  const result = backend.allocate(images.shape)
  const addresses = [images, weights, result].map(info => backend.addressOf(info))
  // Two lines, the margins of one, and whole vectors at their ends.
  const room = 16 * Math.ceil(((8 * width + 4 * size) * channels) / 16) + 64
  engine.withScratch(room * engine.threads, scratch =>
    engine.run(
      'blurImages',
      [...addresses, height, width, channels, size, scratch, room],
      count,
      4 * size * sizeOf(images.shape)
    )
  )
  return result
}

/** What augmentation asks for. */
export const images: Natives = { BlurImages: blurImages, CropAndResize: cropAndResize, MixColors: mixColors }
