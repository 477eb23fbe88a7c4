import { isImageDataset, type Dataset, type Shape } from 'lapstrake'
import * as tf from '@tensorflow/tfjs-core'

/** Brings images to the size that the network learnt from, where that is another; nothing for what are no images. */
export function fitted(data: Dataset, input: Shape): ((images: tf.Tensor) => tf.Tensor) | undefined {
  if (!isImageDataset(data) || input.length !== 3) return undefined
  const [[tall, wide], [height, width]] = [data.shape, input as [number, number, number]]
  if (tall === height && wide === width) return undefined
  process.stderr.write(
    `Images of ${tall} × ${wide} are resized to ${height} × ${width}, the size that the network learnt from.\n`
  )
  return images => tf.image.resizeBilinear(images as tf.Tensor4D, [height, width], false, true)
}
