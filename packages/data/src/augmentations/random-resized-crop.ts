import { checkOptions, own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkWhole, longestEdge } from '../whole-number.ts'
import { checkImages, checkProbability, isRising, type Augment } from './compose.ts'
import { drawGeometry, type GeometryRange } from './geometry.ts'

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
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a scale or ratio that is not ascending,
 * positive and finite, or a scale above 1; TypeError in use for what are no images
 */
export function randomResizedCrop(options: RandomResizedCropOptions): Augment {
  const range = checkedRange('randomResizedCrop', options)
  return (images, random) => {
    checkImages('randomResizedCrop', images)
    return own(() => {
      const count = images.shape[0]
      const boxes = new Float32Array(4 * count)
      for (let i = 0; i < count; i++) {
        const { box, flip } = drawGeometry(range, random.split(i))
        const [top, left, bottom, right] = box
        // A box from right to left is a flipped one.
        boxes.set(flip ? [top, right, bottom, left] : box, 4 * i)
      }
      return tf.image.cropAndResize(
        images,
        tf.tensor2d(boxes, [count, 4]),
        tf.range(0, count, 1, 'int32'),
        [range.size, range.size],
        'bilinear'
      )
    })
  }
}

/** Options with what they leave out, as long as boxes can be drawn by them. */
export function checkedRange(who: string, options: RandomResizedCropOptions): GeometryRange {
  checkOptions(who, options, { size: 'number', scale: 'list', ratio: 'list', flip: 'number' })
  const { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], flip = 0.5 } = options
  checkWhole(who, 'size', size, 1, longestEdge)
  for (const [name, range, most] of [
    ['scale', scale, 1],
    ['ratio', ratio, Infinity]
  ] as const) {
    if (range.length === 2 && isRising(range, most)) continue
    const bound = most === 1 ? ' ≤ 1' : ''
    throw new RangeError(`${who}: expected a ${name} with 0 < least ≤ greatest${bound}, got [${range.join(', ')}].`)
  }
  checkProbability(who, flip)
  return { size, scale, ratio, flip }
}
