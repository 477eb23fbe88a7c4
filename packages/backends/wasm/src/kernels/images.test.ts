import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { close, random, run } from './fused-testing.ts'

beforeAll(() => registerWasm({ threads: 2 }))

describe.each([
  [1, 1, 1],
  [5, 7, 6],
  [3, 40, 37],
  [0, 4, 4],
  [2, 0, 3]
])('mixed colours of [%i, %i, %i, 3]', (count, height, width) => {
  test('are those of a product of matrices, lifted and cut', () =>
    tf.tidy(() => {
      const [images, matrices, lifts, luma] = [
        random(1, count, height, width, 3),
        random(2, count, 3, 3),
        random(3, count),
        tf.tensor1d([0.3, 0.6, 0.1])
      ]
      const pixels = tf.matMul(tf.reshape(images, [count, height * width, 3]), matrices)
      const lift = tf.mul(
        tf.sum(tf.mul(tf.mean(images, [1, 2], true), luma), 3, true),
        tf.reshape(lifts, [count, 1, 1, 1])
      )
      close(
        run('MixColors', { images, matrices, lifts, luma }),
        [tf.clipByValue(tf.add(tf.reshape(pixels, images.shape), lift), 0, 1)],
        1e-5
      )
    }))
})

test('mixed colours keep to their image, and what is no number to its pixel', () =>
  tf.tidy(() => {
    const images = tf.tensor4d([0.1, NaN, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.1, 0.2, 0.3], [2, 1, 2, 3])
    const [mixed] = run('MixColors', {
      images,
      matrices: tf.tile(tf.reshape(tf.eye(3), [1, 3, 3]), [2, 1, 1]),
      lifts: tf.tensor1d([0, 0]),
      luma: tf.ones([3])
    })
    expect([...tf.slice(mixed!, 1).dataSync()]).toEqual([...tf.slice(images, 1).dataSync()])
  }))

const maps: [number, number, number, number][] = [
  [1, 1, 1, 1],
  [3, 5, 7, 3],
  [2, 9, 33, 1],
  [4, 3, 6, 5],
  [2, 20, 24, 3],
  [2, 1, 9, 8],
  [0, 3, 3, 3]
]
describe.each(maps)('blurred images of [%i, %i, %i, %i]', (...shape) => {
  const [count, height, width, channels] = shape
  test.each([1, 3, 7, 23])('with %i weights', size =>
    tf.tidy(() => {
      const [images, weights] = [random(1, ...shape), tf.add(tf.abs(random(2, count, size)), 0.1)]
      // Sums over an axis, with zeros for what lies over the edge; then those of ones are what the weights add up to.
      const along = (x: tf.Tensor, axis: number): tf.Tensor => {
        const padded = tf.pad(
          x,
          x.shape.map((_, i) => (i === axis ? [(size - 1) / 2, (size - 1) / 2] : [0, 0]))
        )
        return tf.addN(
          Array.from({ length: size }, (_, tap) =>
            tf.mul(
              tf.slice(
                padded,
                x.shape.map((_, i) => (i === axis ? tap : 0)),
                x.shape
              ),
              tf.reshape(tf.slice(weights, [0, tap], [count, 1]), [count, 1, 1, 1])
            )
          )
        )
      }
      const blur = (x: tf.Tensor): tf.Tensor => along(along(x, 1), 2)
      close(
        run('BlurImages', { images, weights }),
        [tf.div(blur(images), blur(tf.ones([count, height, width, channels])))],
        1e-5
      )
    })
  )
})

test('an image whose only weight is its own pixel stays as it is, between others that are blurred', () =>
  tf.tidy(() => {
    const images = random(1, 3, 4, 4, 3)
    const weights = tf.tensor2d([
      [0.2, 1, 0.2],
      [0, 1, 0],
      [0.2, 1, 0.2]
    ])
    const [blurred] = run('BlurImages', { images, weights })
    close([tf.slice(blurred!, 1, 1)], [tf.slice(images, 1, 1)], 0)
    expect(tf.max(tf.abs(tf.sub(tf.slice(blurred!, 2, 1), tf.slice(images, 2, 1)))).dataSync()[0]).toBeGreaterThan(0.1)
  }))
