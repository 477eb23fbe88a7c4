import { checkGiven, own, type Owned, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { typed } from '../datasets/collated-by.ts'

/**
 * A random change of a batch of images `[batch, height, width, channels]` with values from 0 to 1, the same for the
 * same randomness, other for each example. The images are borrowed, the result is the caller's own.
 */
export type Augment = (images: tf.Tensor4D, random: Random) => Owned<tf.Tensor4D>

/**
 * One change after another.
 *
 * @throws TypeError for what is no function, and in use for what are no images, or if one gives no tensor back
 */
export function compose(...augments: readonly Augment[]): Augment {
  for (const augment of augments)
    checkGiven('compose', 'changes of images, as in compose(solarize({ probability: 0.2 }))', augment, 'function')
  return (images, random) => {
    checkImages('compose', images)
    return own(() =>
      augments.reduce<tf.Tensor4D>((flow, augment, i) => {
        const made = augment(flow, random.split(i))
        checkMade(`compose: expected change ${i} of ${augments.length} to give a tensor back`, made)
        return made
      }, tf.clone(images))
    )
  }
}

/**
 * Insists on what a change of tensors gives back.
 *
 * @param expected the beginning of the sentence
 * @throws TypeError for anything but a living tensor
 */
export function checkMade(expected: string, made: unknown): asserts made is tf.Tensor {
  if (made instanceof tf.Tensor && !made.isDisposed) return
  if (made instanceof tf.Tensor) throw new TypeError(`${expected}, got one that it has disposed. Leave it alive.`)
  if (typeof (made as Partial<Promise<unknown>> | undefined)?.then === 'function')
    throw new TypeError(`${expected}, got a promise. Await in onExample; tensors are changed at once.`)
  const got = made === null || made === undefined ? 'nothing' : Array.isArray(made) ? 'a list' : `a ${typeof made}`
  throw new TypeError(`${expected}, got ${got}. Return what it makes.`)
}

/**
 * Insists on images, before anything is made of them. Their values are not looked at.
 *
 * @throws TypeError for anything but a living float32 tensor `[batch, height, width, channels]`
 */
export function checkImages(who: string, images: unknown): asserts images is tf.Tensor4D {
  const expected = `${who}: expected images as a living float32 tensor [batch, height, width, channels]`
  if (!(images instanceof tf.Tensor)) throw new TypeError(`${expected}, got ${typed(images)}. Make a tensor of them.`)
  if (images.isDisposed) throw new TypeError(`${expected}, got one that is disposed. Dispose it afterwards.`)
  if (images.rank !== 4) {
    const remedy = images.rank === 3 ? 'Make a batch of one by tf.expandDims(image, 0).' : 'Reshape it.'
    throw new TypeError(`${expected}, got ${typed(images)}. ${remedy}`)
  }
  if (images.dtype !== 'float32') {
    throw new TypeError(
      `${expected}, with values from 0 to 1, got ${images.dtype}. Make one of pixels by tf.div(pixels, 255).`
    )
  }
}

/**
 * Insists on grey or coloured images, as {@link checkImages} does.
 *
 * @throws TypeError for another number of channels, too
 */
export function checkColors(who: string, images: unknown): asserts images is tf.Tensor4D {
  checkImages(who, images)
  const channels = images.shape[3]
  if (channels === 1 || channels === 3) return
  throw new TypeError(`${who}: expected images of 1 or 3 channels, got ${channels}. Take those that are colours.`)
}

/** Whether a least and a greatest value are ascending, above 0 and finite. */
export const isRising = ([low, high]: readonly [number, number], most: number = Infinity): boolean =>
  Number.isFinite(low) && Number.isFinite(high) && low > 0 && high >= low && high <= most

/** Numbers for each example, uniform in [low, high). */
export const perExample = (random: Random, count: number, low: number, high: number): Float32Array =>
  random.uniforms(count).map(u => low + (high - low) * u)

/** A probability must lie in [0, 1]. */
export function checkProbability(who: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${who}: expected a probability from 0 to 1, got ${value}.`)
}
