import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { agrees, either, random, whole } from './both-backends.ts'

beforeAll(() => registerWasm({ threads: 2 }))

const shapes = [[1], [4], [7], [3, 5], [1, 1], [2, 3, 4], [5, 1, 6], [33, 17], [17, 301], [2, 50, 33]]

test.each(['argMax', 'argMin'] as const)('%s, the first of equals, along any axis', async name => {
  for (const shape of shapes) {
    for (const axis of shape.keys())
      await agrees(
        () => [
          tf[name](random(...shape), axis),
          tf[name](tf.round(random(...shape)), axis),
          tf[name](whole(5, ...shape), axis),
          tf[name](either(...shape), axis)
        ],
        0
      )
  }
  await agrees(
    () =>
      [
        [NaN, 1, 2],
        [1, NaN, 2, 3, 5, NaN],
        [0, 0, 0, 0, -0],
        [-Infinity, -Infinity],
        [Infinity, 3, Infinity]
      ].map(values => tf[name](tf.tensor1d(values))),
    0
  )
})

test('the largest few, in order', async () => {
  for (const shape of shapes) {
    const most = shape.at(-1)!
    for (const k of new Set([1, 2, Math.ceil(most / 2), most - 1, most])) {
      if (k < 1 || k > most) continue
      await agrees(
        () =>
          [tf.round(tf.mul(random(...shape), 3)), random(...shape)].flatMap(x => {
            const { values, indices } = tf.topk(x, k)
            return [values, indices]
          }),
        0
      )
    }
  }
  await agrees(() => {
    const { values, indices } = tf.topk(tf.tensor1d([-0, 0, -Infinity, Infinity, -1, 1e-40, 0]), 7)
    return [values, indices]
  }, 0)
  await agrees(() => {
    const { values, indices } = tf.topk(whole(9, 3, 4), 2)
    return [values, indices]
  }, 0)
})

test.each(['cumsum', 'cumprod'] as const)(
  '%s, along any axis, forwards and backwards, with and without itself',
  async name => {
    for (const shape of [...shapes, [0], [3, 0], [0, 3]]) {
      for (const axis of shape.keys()) {
        await agrees(
          () =>
            [true, false].flatMap(exclusive =>
              [true, false].flatMap(reverse =>
                [random(...shape), tf.sub(whole(4, ...shape), tf.scalar(1, 'int32')), either(...shape)].map(x =>
                  tf[name](x, axis, exclusive, reverse)
                )
              )
            ),
          0
        )
      }
    }
  }
)

test('whole numbers and booleans, along any axes', async () => {
  for (const shape of [[5], [3, 4], [2, 3, 4], [33, 17]]) {
    for (let mask = 1; mask < 2 ** shape.length; mask++) {
      const axes = [...shape.keys()].filter(axis => (mask >> axis) % 2 === 1)
      await agrees(
        () =>
          [false, true].flatMap(keep => [
            tf.sum(whole(9, ...shape), axes, keep),
            tf.sum(either(...shape), axes, keep),
            tf.max(whole(99, ...shape), axes, keep),
            tf.min(whole(99, ...shape), axes, keep),
            tf.prod(whole(3, ...shape), axes, keep),
            tf.all(either(...shape), axes, keep),
            tf.any(either(...shape), axes, keep),
            tf.mean(whole(9, ...shape), axes, keep),
            tf.mean(either(...shape), axes, keep)
          ]),
        1e-6
      )
    }
  }
})

test('a mean of booleans does not change them', async () => {
  await tf.setBackend('wasm')
  const hits = tf.tensor1d([true, false, true, true], 'bool')
  expect(tf.tidy(() => tf.mean(hits).dataSync()[0])).toBe(0.75)
  expect([...hits.dataSync()]).toEqual([1, 0, 1, 1])
  hits.dispose()
})
