import * as tf from '@tensorflow/tfjs-core'
import { brightness, color, contrast, sharpness } from './blends.ts'
import { autoContrast, equalize, invert, posterize, turned } from './levels.ts'
import { moved, rotation, shearX, shearY, translateX, translateY } from './moves.ts'

/** What an operation is called. */
export type OperationName =
  | 'identity'
  | 'shearX'
  | 'shearY'
  | 'translateX'
  | 'translateY'
  | 'rotate'
  | 'brightness'
  | 'color'
  | 'contrast'
  | 'sharpness'
  | 'posterize'
  | 'solarize'
  | 'autoContrast'
  | 'equalize'
  | 'invert'

/** One of the changes that AutoAugment and RandAugment choose from. */
export interface Operation {
  /** Changes each image by its own strength, in the operation's own unit. */
  apply(images: tf.Tensor4D, strengths: Float32Array): tf.Tensor4D
  /**
   * The strength at a part of the range, from -1 to 1, for images of a size: where an operation has two directions, the
   * sign is which.
   */
  strength(part: number, height: number, width: number): number
}

const factor = (part: number): number => 1 + 0.9 * part

const none = (): number => 0

/** The operations of Cubuk et al. 2019, table 6, without Cutout and Sample Pairing, which no policy of theirs uses. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  identity: { apply: images => images, strength: none },
  shearX: { apply: (images, parts) => moved(images, parts, shearX), strength: part => 0.3 * part },
  shearY: { apply: (images, parts) => moved(images, parts, shearY), strength: part => 0.3 * part },
  translateX: {
    apply: (images, pixels) => moved(images, pixels, translateX),
    strength: (part, _, width) => (150 / 331) * width * part
  },
  translateY: {
    apply: (images, pixels) => moved(images, pixels, translateY),
    strength: (part, height) => (150 / 331) * height * part
  },
  rotate: {
    apply: (images, degrees) => moved(images, degrees, rotation(images.shape[1], images.shape[2])),
    strength: part => 30 * part
  },
  brightness: { apply: brightness, strength: factor },
  color: { apply: color, strength: factor },
  contrast: { apply: contrast, strength: factor },
  sharpness: { apply: sharpness, strength: factor },
  posterize: { apply: posterize, strength: part => 8 - 4 * Math.abs(part) },
  solarize: { apply: turned, strength: part => 1 - Math.abs(part) },
  autoContrast: { apply: autoContrast, strength: none },
  equalize: { apply: equalize, strength: none },
  invert: { apply: invert, strength: none }
}

/** An operation and how strong it is, in parts of its range. */
export interface Chosen {
  readonly name: OperationName
  readonly part: number
}

/** Each image changed by what was chosen for it. Those that share an operation are changed together. */
export function changedEach(images: tf.Tensor4D, chosen: readonly Chosen[]): tf.Tensor4D {
  if (chosen.length === 0) return tf.clone(images)
  const [, height, width] = images.shape
  const names = [...new Set(chosen.map(({ name }) => name))]
  const groups = names.map(name => chosen.flatMap((one, row) => (one.name === name ? [row] : [])))
  const changed = names.map((name, i) => {
    const { apply, strength } = operations[name]
    const strengths = Float32Array.from(groups[i]!, row => strength(chosen[row]!.part, height, width))
    return apply(tf.gather(images, groups[i]!), strengths)
  })
  const places: number[] = []
  groups.flat().forEach((row, place) => (places[row] = place))
  return tf.gather(tf.concat(changed), places)
}
