import { own, type Owned, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * A random change of a batch of images `[batch, height, width, channels]` with values from 0 to 1, the same for the
 * same randomness, other for each example. The images are borrowed, the result is the caller's own.
 */
export type Augment = (images: tf.Tensor4D, random: Random) => Owned<tf.Tensor4D>

/** One change after another. */
export const compose =
  (...augments: readonly Augment[]): Augment =>
  (images, random) =>
    own(() => augments.reduce<tf.Tensor4D>((flow, augment, i) => augment(flow, random.split(i)), tf.clone(images)))

/** Numbers for each example, uniform in [low, high). */
export const perExample = (random: Random, count: number, low: number, high: number): Float32Array =>
  random.uniforms(count).map(u => low + (high - low) * u)

/** A probability must lie in [0, 1]. */
export function checkProbability(who: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${who}: expected a probability from 0 to 1, got ${value}.`)
}
