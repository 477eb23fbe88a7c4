import type { Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** Normal noise of a deviation. */
export const gaussianNoise = (images: tf.Tensor4D, random: Random, [deviation = 0]: readonly number[]): tf.Tensor =>
  tf.add(images, random.normal(images.shape, 0, deviation))

/** Normal noise of a deviation, times the value. */
export const speckleNoise = (images: tf.Tensor4D, random: Random, [deviation = 0]: readonly number[]): tf.Tensor =>
  tf.mul(images, random.normal(images.shape, 1, deviation))

/** So many of the values become black or white. */
export function impulseNoise(images: tf.Tensor4D, random: Random, [amount = 0]: readonly number[]): tf.Tensor {
  const chance = random.uniform(images.shape)
  const salted = tf.where(tf.greaterEqual(chance, 1 - amount / 2), tf.onesLike(images), images)
  return tf.where(tf.less(chance, amount / 2), tf.zerosLike(images), salted)
}

/** Steps of the probability that quantiles are known at. */
const steps = 4096

/** Photons that are counted, of so many that white sends: poisson for each value. */
export function shotNoise(images: tf.Tensor4D, random: Random, [photons = 1]: readonly number[]): tf.Tensor {
  const quantiles = new Float32Array(256 * steps)
  for (let level = 0; level < 256; level++) {
    quantiles.set(poissonQuantiles((photons * level) / 255), level * steps)
  }
  const rows = tf.mul(tf.round(tf.mul(tf.clipByValue(images, 0, 1), 255)), steps)
  const places = tf.add(rows, tf.floor(random.uniform(images.shape, 0, steps)))
  const counts = tf.gather(tf.tensor1d(quantiles), tf.cast(tf.reshape(places, [-1]), 'int32'))
  return tf.div(tf.reshape(counts, images.shape), photons)
}

/** The least count that a poisson variable does not exceed with a probability, in the middle of each step. */
function poissonQuantiles(mean: number): Float32Array {
  const found = new Float32Array(steps)
  let [count, probability] = [0, Math.exp(-mean)]
  let below = probability
  for (let i = 0; i < steps; i++) {
    while (below < (i + 0.5) / steps) {
      count++
      probability *= mean / count
      below += probability
    }
    found[i] = count
  }
  return found
}
