import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { close, random, run } from './fused-testing.ts'

beforeAll(() => registerWasm({ threads: 2 }))

const shapes: [number, number, number, number, number][] = [
  [3, 1, 1, 6, 2],
  [2, 5, 4, 6, 6],
  [2, 5, 4, 6, 3],
  [7, 9, 8, 32, 1],
  [5, 3, 7, 13, 13],
  [3, 40, 37, 20, 4],
  [4, 8, 8, 64, 32],
  [2, 30, 30, 35, 5]
]
describe.each(shapes)('normalisation of [%i, %i, %i, %i] in %i groups', (...numbers) => {
  const [batch, height, width, channels, groups] = numbers
  const shape = [batch, height, width, channels]
  const overGroups = (x: tf.Tensor): tf.Tensor =>
    tf.reshape(
      tf.tile(tf.mean(tf.reshape(x, [batch, height * width, groups, channels / groups]), [1, 3], true), [
        1,
        1,
        1,
        channels / groups
      ]),
      [batch, 1, 1, channels]
    )
  const given = (): Record<'x' | 'g' | 'scale' | 'offset' | 'mean' | 'inverse', tf.Tensor> => {
    const [x, g, scale, offset] = [
      tf.add(tf.mul(random(1, ...shape), 2), 5),
      tf.add(random(2, ...shape), 1),
      random(3, channels),
      random(4, channels)
    ]
    const mean = overGroups(x)
    return { x, g, scale, offset, mean, inverse: tf.rsqrt(tf.add(overGroups(tf.squaredDifference(x, mean)), 1e-5)) }
  }

  test.each([true, false])('forward, with a ReLU: %s', relu =>
    tf.tidy(() => {
      const { x, scale, offset, mean, inverse } = given()
      const y = tf.add(tf.mul(tf.mul(tf.sub(x, mean), inverse), scale), offset)
      close(
        run('GroupNorm', { x, scale, offset }, { groups, epsilon: 1e-5, relu }),
        [relu ? tf.relu(y) : y, mean, inverse],
        2e-5
      )
    })
  )

  test('gradient', () =>
    tf.tidy(() => {
      const { x, g, scale, mean, inverse } = given()
      const unit = tf.mul(tf.sub(x, mean), inverse)
      const slope = tf.mul(g, scale)
      const dx = tf.mul(
        tf.sub(tf.sub(slope, overGroups(slope)), tf.mul(unit, overGroups(tf.mul(slope, unit)))),
        inverse
      )
      close(
        run('GroupNormGradient', { g, x, scale, mean, inverse }, { groups }),
        [dx, tf.sum(tf.mul(g, unit), [0, 1, 2]), tf.sum(g, [0, 1, 2])],
        1e-4
      )
    }))
})

test('group statistics keep their digits: many pixels, a mean of a hundred deviations, what is no number', () =>
  tf.tidy(() => {
    const x = tf.add(tf.round(tf.mul(random(1, 2, 224, 224, 4), 256)), 25_600)
    const [y, mean, inverse] = run(
      'GroupNorm',
      { x, scale: tf.ones([4]), offset: tf.zeros([4]) },
      { groups: 2, epsilon: 1e-5, relu: false }
    )
    close(
      [tf.reshape(mean!, [2, 1, 1, 2, 2])],
      [tf.tile(tf.reshape(tf.mean(tf.reshape(x, [2, 224 * 224, 2, 2]), [1, 3]), [2, 1, 1, 2, 1]), [1, 1, 1, 1, 2])],
      1e-6
    )
    expect(tf.mean(tf.square(y!)).dataSync()[0]).toBeCloseTo(1, 4)
    expect(inverse!.dataSync()[0]).toBeCloseTo(1 / 256, 4)
    const spoilt = tf.tensor4d([NaN, 1, 2, 3, 4, 5, 6, 7], [2, 2, 1, 2])
    const [out] = run(
      'GroupNorm',
      { x: spoilt, scale: tf.ones([2]), offset: tf.zeros([2]) },
      { groups: 1, epsilon: 1e-5, relu: true }
    )
    expect([...out!.dataSync()].map(Number.isNaN)).toEqual([true, true, true, true, false, false, false, false])
  }))

test('a group of one number is its offset, and lets no gradient pass', () =>
  tf.tidy(() => {
    const [x, scale, offset] = [tf.add(random(1, 3, 1, 1, 5), 50), random(2, 5), random(3, 5)]
    const [y, mean, inverse] = run('GroupNorm', { x, scale, offset }, { groups: 5, epsilon: 1e-5, relu: false }) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor
    ]
    close([y, mean], [tf.tile(tf.reshape(offset, [1, 1, 1, 5]), [3, 1, 1, 1]), x], 0)
    const [dx, dScale] = run('GroupNormGradient', { g: x, x, scale, mean, inverse }, { groups: 5 })
    expect(tf.max(tf.abs(dx!)).dataSync()[0]).toBeLessThan(1e-2) // of slopes of 50 / √1e-5
    expect(tf.max(tf.abs(dScale!)).dataSync()[0]).toBe(0)
  }))

test('an empty batch has empty maps, and gives no gradient to scale and offset', () =>
  tf.tidy(() => {
    const [x, scale] = [tf.zeros([0, 3, 3, 4]), tf.ones([4])]
    const [y, mean, inverse] = run(
      'GroupNorm',
      { x, scale, offset: scale },
      { groups: 2, epsilon: 1e-5, relu: true }
    ) as [tf.Tensor, tf.Tensor, tf.Tensor]
    expect([y.shape, mean.shape]).toEqual([
      [0, 3, 3, 4],
      [0, 1, 1, 4]
    ])
    close(
      run('GroupNormGradient', { g: x, x, scale, mean, inverse }, { groups: 2 }),
      [x, tf.zeros([4]), tf.zeros([4])],
      0
    )
  }))
