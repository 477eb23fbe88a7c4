import { blurImages, mixColors } from '@lapstrake/kernels'
import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import { attributesOf, implement, isFloat, sizeOf, type Implementation, type Native, type Natives } from './kernel.ts'

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

const mix = implement(mixColors, ({ images, matrices, lifts, luma }, _, backend) => {
  const [count, height, width] = images.shape as [number, number, number]
  const result = backend.allocate(images.shape)
  const addresses = [images, matrices, lifts, luma, result].map(info => backend.addressOf(info))
  const size = sizeOf(images.shape)
  backend.engine.run('mixColors', [...addresses, height * width], size === 0 ? 0 : count, 8 * size)
  return result
})

const blur = implement(blurImages, ({ images, weights }, _, backend) => {
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
})

/** What augmentation asks for. */
export const augmentation: readonly Implementation[] = [blur, mix]

export const images: Natives = { CropAndResize: cropAndResize }
