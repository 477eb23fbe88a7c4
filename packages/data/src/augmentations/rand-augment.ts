import { checkOptions, own } from '@lapstrake/core'
import { checkWhole } from '../whole-number.ts'
import { checkColors, type Augment } from './compose.ts'
import { changedEach, type OperationName } from './operations/operations.ts'

export interface RandAugmentOptions {
  /** How many operations, one after another: N of the paper. */
  readonly operations?: number | undefined
  /** How strong each is, from 0 to 10: M of the paper. */
  readonly magnitude?: number | undefined
}

/** The fourteen of the paper's section 3, each as likely as another. */
const choices: readonly OperationName[] = [
  'identity',
  'autoContrast',
  'equalize',
  'rotate',
  'solarize',
  'color',
  'posterize',
  'contrast',
  'brightness',
  'sharpness',
  'shearX',
  'shearY',
  'translateX',
  'translateY'
]

/**
 * RandAugment: N operations drawn from fourteen, each with magnitude M (Cubuk et al. 2020, section 3,
 * https://arxiv.org/abs/1909.13719); two of magnitude 9 when left out, as theirs of ImageNet.
 *
 * A magnitude of 10 is the end of AutoAugment's ranges, as in the paper; in torchvision that is 30. What has two
 * directions takes either as often. What moves an image takes the nearest pixel, and black from beyond the edge.
 * Grey images of one channel keep their colours, and get the rest. Values are from 0 to 1, and stay so; posterizing and
 * equalizing round them to 256 levels. It crops nothing: put `randomResizedCrop` before it by `compose`.
 *
 * @throws RangeError for operations that are no whole number from 1 to 100, or a magnitude outside [0, 10]; TypeError
 * in use for what are no images of one or three channels
 */
export function randAugment(options: RandAugmentOptions = {}): Augment {
  checkOptions('randAugment', options, { operations: 'number', magnitude: 'number' })
  const { operations = 2, magnitude = 9 } = options
  checkWhole('randAugment', 'operations', operations, 1, 100)
  if (!(magnitude >= 0 && magnitude <= 10))
    throw new RangeError(`randAugment: expected a magnitude from 0 to 10, got ${magnitude}. Try 9.`)
  return (images, random) => {
    checkColors('randAugment', images)
    return own(() => {
      let flow = images
      for (let step = 0; step < operations; step++) {
        const [which, signs] = ['operation', 'sign'].map(what => random.split(step, what).uniforms(images.shape[0]))
        const chosen = Array.from(which!, (u, i) => ({
          name: choices[Math.floor(u * choices.length)]!,
          part: (signs![i]! < 0.5 ? -magnitude : magnitude) / 10
        }))
        flow = changedEach(flow, chosen)
      }
      return flow
    })
  }
}
