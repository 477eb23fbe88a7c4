// Fused kernels where numbers drawn at random do not lead.
import { fusedOr, seeded } from '@lapstrake/core'
import {
  batchNormGradient,
  blurImages,
  channelMoments,
  groupNorm,
  groupNormGradient,
  mixColors
} from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { registerWasm } from '../index.ts'

beforeAll(() => registerWasm({ threads: 2 }))

const maps = (seed: number, ...shape: number[]): tf.Tensor4D => seeded(seed).normal(shape) as tf.Tensor4D

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()]

const largestOf = (tensor: tf.Tensor): number => tf.max(tf.abs(tensor)).dataSync()[0]!

test('mixed colours keep to their image, and what is no number to its pixel', () =>
  tf.tidy(() => {
    const images = tf.tensor4d([0.1, NaN, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.1, 0.2, 0.3], [2, 1, 2, 3])
    const mixed = fusedOr(mixColors, {
      images,
      matrices: tf.tile(tf.reshape(tf.eye(3), [1, 3, 3]), [2, 1, 1]) as tf.Tensor3D,
      lifts: tf.tensor1d([0, 0]),
      luma: tf.ones([3])
    })
    expect(numbers(tf.slice(mixed, 1))).toEqual(numbers(tf.slice(images, 1)))
  }))

test('an image whose only weight is its own pixel stays as it is, between others that are blurred', () =>
  tf.tidy(() => {
    const images = maps(1, 3, 4, 4, 3)
    const weights = tf.tensor2d([
      [0.2, 1, 0.2],
      [0, 1, 0],
      [0.2, 1, 0.2]
    ])
    const blurred = fusedOr(blurImages, { images, weights })
    expect(numbers(tf.slice(blurred, 1, 1))).toEqual(numbers(tf.slice(images, 1, 1)))
    expect(largestOf(tf.sub(tf.slice(blurred, 2, 1), tf.slice(images, 2, 1)))).toBeGreaterThan(0.1)
  }))

test.each([
  [0, 4, 4],
  [2, 0, 3]
])('there is nothing to mix or blur in images of [%i, %i, %i, 3]', (count, height, width) =>
  tf.tidy(() => {
    const images = tf.zeros([count, height, width, 3]) as tf.Tensor4D
    const [matrices, luma, lifts] = [tf.zeros([count, 3, 3]) as tf.Tensor3D, tf.ones([3]), tf.zeros([count])]
    expect(fusedOr(mixColors, { images, matrices, luma, lifts }).shape).toEqual(images.shape)
    expect(fusedOr(blurImages, { images, weights: tf.ones<tf.Rank.R2>([count, 3]) }).shape).toEqual(images.shape)
  })
)

test('group statistics keep their digits: many pixels, a mean of a hundred deviations, what is no number', () =>
  tf.tidy(() => {
    const attributes = { groups: 2, epsilon: 1e-5, relu: false }
    const x = tf.add(tf.round(tf.mul(maps(1, 2, 224, 224, 4), 256)), 25_600) as tf.Tensor4D
    const [y, mean, inverse] = fusedOr(groupNorm, { x, scale: tf.ones([4]), offset: tf.zeros([4]) }, attributes)
    const means = numbers(tf.mean(tf.reshape(x, [2, 224 * 224, 2, 2]), [1, 3]))
    numbers(mean).forEach((value, i) => expect(Math.abs(value / means[i >> 1]! - 1)).toBeLessThan(1e-6))
    expect(tf.mean(tf.square(y)).dataSync()[0]).toBeCloseTo(1, 4)
    expect(inverse.dataSync()[0]).toBeCloseTo(1 / 256, 4)
    const spoilt = tf.tensor4d([NaN, 1, 2, 3, 4, 5, 6, 7], [2, 2, 1, 2])
    const [out] = fusedOr(
      groupNorm,
      { x: spoilt, scale: tf.ones([2]), offset: tf.zeros([2]) },
      { groups: 1, epsilon: 1e-5, relu: true }
    )
    expect(numbers(out).map(Number.isNaN)).toEqual([true, true, true, true, false, false, false, false])
  }))

test('a group of one number is its offset, and lets no gradient pass', () =>
  tf.tidy(() => {
    const x = tf.add(maps(1, 3, 1, 1, 5), 50) as tf.Tensor4D
    const [scale, offset] = [seeded(2).normal([5]), seeded(3).normal([5])]
    const [y, mean, inverse] = fusedOr(groupNorm, { x, scale, offset }, { groups: 5, epsilon: 1e-5, relu: false })
    expect(numbers(y)).toEqual(Array.from({ length: 3 }, () => numbers(offset)).flat())
    expect(numbers(mean)).toEqual(numbers(x))
    const [dx, dScale] = fusedOr(groupNormGradient, { g: x, x, scale, mean, inverse }, { groups: 5 })
    expect(largestOf(dx)).toBeLessThan(1e-2) // of slopes of 50 / √1e-5
    expect(largestOf(dScale)).toBe(0)
  }))

test('a batch of one pixel lets no gradient pass its statistics', () =>
  tf.tidy(() => {
    const [x, g] = [maps(1, 1, 1, 1, 3), maps(2, 1, 1, 1, 3)]
    const [mean, variance] = fusedOr(channelMoments, { x })
    expect(numbers(variance)).toEqual([0, 0, 0])
    const inverse = tf.rsqrt(tf.add(variance, 1e-5))
    const [dx, dScale, dOffset] = fusedOr(batchNormGradient, { g, x, scale: tf.ones([3]), mean, inverse })
    expect([numbers(dx), numbers(dScale)].flat().map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0])
    expect(numbers(dOffset)).toEqual(numbers(g))
  }))

test('an empty batch has empty maps, and gives no gradient to scale and offset', () =>
  tf.tidy(() => {
    const [x, scale] = [tf.zeros([0, 3, 3, 4]) as tf.Tensor4D, tf.ones([4])]
    const [y, mean, inverse] = fusedOr(groupNorm, { x, scale, offset: scale }, { groups: 2, epsilon: 1e-5, relu: true })
    expect([y.shape, mean.shape]).toEqual([
      [0, 3, 3, 4],
      [0, 1, 1, 4]
    ])
    const gradients = fusedOr(groupNormGradient, { g: x, x, scale, mean, inverse }, { groups: 2 })
    expect(gradients.map(numbers)).toEqual([[], [0, 0, 0, 0], [0, 0, 0, 0]])
  }))
