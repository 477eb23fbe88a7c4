import { checkOptions, own, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkColors, type Augment } from '../augmentations/compose.ts'
import { checkWhole } from '../whole-number.ts'
import { defocusBlur, gaussianBlur, glassBlur, motionBlur, zoomBlur } from './blurs.ts'
import { elastic } from './elastic.ts'
import { fog } from './fog.ts'
import { jpeg } from './jpeg.ts'
import { gaussianNoise, impulseNoise, shotNoise, speckleNoise } from './noises.ts'
import { pixelate } from './pixelate.ts'
import { strengths, type CorruptionKind } from './severities.ts'
import { snow } from './snow.ts'
import { brightness, contrast, saturate } from './tones.ts'

export interface CorruptOptions {
  /** What is done to the images. */
  readonly kind: CorruptionKind
  /** How badly, from 1 to 5. */
  readonly severity: number
  /** Whose five severities: those of CIFAR-10-C for images of up to 64 pixels when left out, else of ImageNet-C. */
  readonly strengths?: 'cifar' | 'imagenet' | undefined
}

/** Draws a corruption by its parameters, as `severities.ts` lists them; what comes out may leave [0, 1]. */
type Corruption = (images: tf.Tensor4D, random: Random, parameters: readonly number[]) => tf.Tensor

const corruptions: Readonly<Record<CorruptionKind, Corruption>> = {
  gaussianNoise,
  shotNoise,
  impulseNoise,
  defocusBlur,
  glassBlur,
  motionBlur,
  zoomBlur,
  snow,
  fog,
  brightness,
  contrast,
  elastic,
  pixelate,
  jpeg,
  speckleNoise,
  gaussianBlur,
  saturate
}

/** All kinds: fourteen of the paper's fifteen in its order, then three of its four for validation. */
export const corruptionKinds = Object.keys(corruptions) as readonly CorruptionKind[]

/**
 * A corruption of ImageNet-C or CIFAR-10-C, with the parameters of its five severities (Hendrycks & Dietterich 2019,
 * section 4, https://arxiv.org/abs/1903.12261), another draw for each image.
 *
 * These are drawings of our own, on tensors from 0 to 1 that are not rounded to pixels: accuracies under them are not
 * comparable digit for digit with those on the files of ImageNet-C. Edges count what lies within the image where the
 * originals reflect it; poisson counts of `shotNoise` are drawn by quantiles in 4096 steps; `jpeg` transforms and
 * quantises as the format does and leaves out the coding, which loses nothing. Frost and spatter, which take
 * photographs of frost and outlines of liquids, are not drawn. Grey images of one channel take all kinds but
 * `saturate`.
 *
 * @throws RangeError for a severity that is no whole number from 1 to 5; TypeError for a kind that there is not, and in
 * use for what are no images of one or three channels, or grey ones to saturate
 */
export function corrupt(options: CorruptOptions): Augment {
  checkOptions('corrupt', options, {
    kind: { among: corruptionKinds },
    severity: 'number',
    strengths: { among: ['cifar', 'imagenet'] }
  })
  const { kind, severity, strengths: whose } = options
  const draw = corruptions[kind]
  if (draw === undefined)
    throw new TypeError("corrupt: expected a kind, such as 'gaussianNoise', got none. Choose one.")
  checkWhole('corrupt', 'severity', severity, 1, 5)
  return (images, random) => {
    checkColors('corrupt', images)
    const [, height, width, channels] = images.shape
    if (kind === 'saturate' && channels === 1)
      throw new TypeError('corrupt: expected images of 3 channels to saturate, got 1. Choose another kind.')
    const parameters = strengths[whose ?? (Math.max(height, width) <= 64 ? 'cifar' : 'imagenet')][kind]
    return own(() => tf.clipByValue(draw(images, random, parameters[severity - 1]!), 0, 1) as tf.Tensor4D)
  }
}
