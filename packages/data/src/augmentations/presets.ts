import { checkOptions } from '@lapstrake/core'
import { checkWhole, longestEdge } from '../whole-number.ts'
import { colorJitter } from './color-jitter.ts'
import { checkImages, compose, type Augment } from './compose.ts'
import { gaussianBlur } from './gaussian-blur.ts'
import { randomResizedCrop } from './random-resized-crop.ts'

export interface SimclrOptions {
  /** Height and width of the views. */
  readonly size: number
  /**
   * `imagenet`: crops from 8 % of the area, colour strength 1, blur. `cifar`: colour strength 0.5, no blur.
   * `gray`: crops from 25 %, brightness and contrast 0.4, no blur, for grey images.
   */
  readonly preset: 'imagenet' | 'cifar' | 'gray'
  /** Overrides the least part of the area that a crop keeps. */
  readonly leastArea?: number | undefined
}

/**
 * The augmentation of SimCLR (Chen et al. 2020, appendices A and B.9, https://arxiv.org/abs/2002.05709): crop and flip,
 * colour jitter of strength s – 0.8 s for brightness, contrast and saturation, 0.2 s for hue – with probability 0.8,
 * grey with probability 0.2, blur with probability 0.5.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a least area outside (0, 1]
 * @throws TypeError for what is none of the options; and in use for what are no images
 */
export function simclr(options: SimclrOptions): Augment {
  checkOptions('simclr', options, {
    size: 'number',
    preset: { among: ['imagenet', 'cifar', 'gray'] },
    leastArea: 'number'
  })
  const { size, preset, leastArea } = options
  checkWhole('simclr', 'size', size, 1, longestEdge)
  if (leastArea !== undefined && !(leastArea > 0 && leastArea <= 1))
    throw new RangeError(`simclr: expected leastArea above 0 and at most 1, got ${leastArea}. Try 0.2.`)
  const augment = presetOf({ size, preset, leastArea })
  return (images, random) => {
    checkImages('simclr', images)
    return augment(images, random)
  }
}

function presetOf({ size, preset, leastArea }: SimclrOptions): Augment {
  const crop = (least: number): Augment => randomResizedCrop({ size, scale: [leastArea ?? least, 1] })
  const colour = (s: number): Augment =>
    colorJitter({
      brightness: 0.8 * s,
      contrast: 0.8 * s,
      saturation: 0.8 * s,
      hue: 0.2 * s,
      probability: 0.8,
      grayscale: 0.2
    })
  switch (preset) {
    case 'imagenet':
      return compose(crop(0.08), colour(1), gaussianBlur({ size: Math.max(3, Math.round(size / 20) * 2 + 1) }))
    case 'cifar':
      return compose(crop(0.08), colour(0.5))
    case 'gray':
      return compose(crop(0.25), colorJitter({ brightness: 0.4, contrast: 0.4, probability: 0.8 }))
    default:
      throw new TypeError("simclr: expected the preset 'imagenet', 'cifar' or 'gray', got none. Choose one.")
  }
}
