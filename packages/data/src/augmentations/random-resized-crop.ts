import { own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkWhole, longestEdge } from '../whole-number.ts'
import { checkProbability, type Augment } from './compose.ts'

export interface RandomResizedCropOptions {
  /** Height and width of the result. */
  readonly size: number
  /** Least and greatest part of the image's area. SimCLR takes from 0.08. */
  readonly scale?: readonly [number, number] | undefined
  /** Least and greatest width over height. */
  readonly ratio?: readonly [number, number] | undefined
  /** Probability of a horizontal flip. */
  readonly flip?: number | undefined
}

/**
 * Cuts a box of random area, shape and place from each image, scales it to `size` and flips it now and then
 * (Szegedy et al. 2015; Chen et al. 2020, appendix A, https://arxiv.org/abs/2002.05709). Bilinear, corners on corners.
 * A box that does not fit within ten tries, as in torchvision, becomes the whole image.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a scale or ratio that is not ascending and
 * positive
 */
export function randomResizedCrop({
  size,
  scale = [0.08, 1],
  ratio = [3 / 4, 4 / 3],
  flip = 0.5
}: RandomResizedCropOptions): Augment {
  checkWhole('randomResizedCrop', 'size', size, 1, longestEdge)
  for (const [name, [low, high]] of [
    ['scale', scale],
    ['ratio', ratio]
  ] as const) {
    if (!(low > 0 && high >= low))
      throw new RangeError(`randomResizedCrop: expected a ${name} with 0 < least ≤ greatest, got [${low}, ${high}].`)
  }
  checkProbability('randomResizedCrop', flip)

  const box = (u: Float32Array): readonly [number, number, number, number] => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = scale[0] + (scale[1] - scale[0]) * u[4 * attempt]!
      const shape = Math.exp(Math.log(ratio[0]) + (Math.log(ratio[1]) - Math.log(ratio[0])) * u[4 * attempt + 1]!)
      const [width, height] = [Math.sqrt(area * shape), Math.sqrt(area / shape)]
      if (width <= 1 && height <= 1) {
        const [top, left] = [(1 - height) * u[4 * attempt + 2]!, (1 - width) * u[4 * attempt + 3]!]
        return [top, left, top + height, left + width]
      }
    }
    return [0, 0, 1, 1]
  }
  return (images, random) =>
    own(() => {
      const count = images.shape[0]
      const boxes = new Float32Array(4 * count)
      for (let i = 0; i < count; i++) {
        const u = random.split(i).uniforms(41)
        const [top, left, bottom, right] = box(u)
        // A box from right to left is a flipped one.
        boxes.set(u[40]! < flip ? [top, right, bottom, left] : [top, left, bottom, right], 4 * i)
      }
      return tf.image.cropAndResize(
        images,
        tf.tensor2d(boxes, [count, 4]),
        tf.range(0, count, 1, 'int32'),
        [size, size],
        'bilinear'
      )
    })
}
