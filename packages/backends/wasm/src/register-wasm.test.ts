import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from './index.ts'

beforeAll(() => registerWasm())

/** Runs on both backends and compares every result. */
async function agrees(run: () => tf.Tensor[], tolerance = 1e-4): Promise<void> {
  const on = async (backend: string): Promise<Float32Array[]> => {
    await tf.setBackend(backend)
    const results = tf.tidy(run)
    const values = await Promise.all(results.map(tensor => tensor.data() as Promise<Float32Array>))
    tf.dispose(results)
    return values
  }
  const expected = await on('cpu')
  const found = await on('wasm')
  expected.forEach((values, i) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
    expect(found[i]!.length).toBe(values.length)
    values.forEach((value, j) => {
      if (!(Math.abs(found[i]![j]! - value) <= tolerance * largest))
        expect.fail(`result ${i}[${j}]: expected ${value}, got ${found[i]![j]}`)
    })
  })
}
const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed)

describe('gradients of a convolution agree with the JavaScript backend', () => {
  const shapes: [number, number][] = [
    [8, 8],
    [9, 7],
    [5, 6]
  ]
  const cases = [1, 2, 3].flatMap(stride =>
    [1, 2, 3, 5, 7].flatMap(size =>
      (['same', 'valid', 1] as const).flatMap(pad =>
        // A kernel smaller than its stride is wrong in the forward pass of TensorFlow.js itself (4.22.0, 'same'
        // padding).
        shapes
          .filter(([h, w]) => h >= size && w >= size && (size >= stride || pad !== 'same' || size === 1))
          .map(([h, w]) => ({ stride, size, pad, h, w }))
      )
    )
  )
  test.each(cases)('stride $stride, kernel $size, pad $pad, map $h x $w', async ({ stride, size, pad, h, w }) => {
    await agrees(() => {
      const x = random([2, h, w, 3], 1) as tf.Tensor4D
      const kernel = random([size, size, 3, 5], 2) as tf.Tensor4D
      const f = (x: tf.Tensor, kernel: tf.Tensor): tf.Tensor =>
        tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, stride, pad)
      const y = f(x, kernel)
      return [y, ...tf.grads(f)([x, kernel], random(y.shape, 3))]
    })
  })

  test('of one example, with an uneven kernel and uneven padding', async () => {
    await agrees(() => {
      const x = random([1, 9, 8, 2], 1) as tf.Tensor4D
      const kernel = random([3, 5, 2, 4], 2) as tf.Tensor4D
      const f = (x: tf.Tensor, kernel: tf.Tensor): tf.Tensor =>
        tf.conv2d(
          x as tf.Tensor4D,
          kernel as tf.Tensor4D,
          [2, 1],
          [
            [0, 0],
            [1, 0],
            [2, 1],
            [0, 0]
          ]
        )
      return tf.grads(f)([x, kernel], random(f(x, kernel).shape, 3))
    })
  })
})

test.each([
  [false, true],
  [true, false],
  [true, true],
  [false, false]
])('products with factors transposed: %s, %s', async (a, b) => {
  await agrees(() => [
    tf.matMul(random(a ? [7, 5] : [5, 7], 1), random(b ? [6, 7] : [7, 6], 2), a, b),
    tf.matMul(random(a ? [3, 7, 5] : [3, 5, 7], 1), random(b ? [3, 6, 7] : [3, 7, 6], 2), a, b),
    tf.fused.matMul({
      a: random(a ? [7, 5] : [5, 7], 1),
      b: random(b ? [6, 7] : [7, 6], 2),
      transposeA: a,
      transposeB: b,
      bias: tf.ones([6]),
      activation: 'relu'
    })
  ])
})

test('sums over leading, trailing and all axes', async () => {
  await agrees(() => {
    const x = random([4, 6, 7, 8], 1)
    return [
      tf.sum(x, [0, 1, 2]),
      tf.sum(x, [0, 1, 2], true),
      tf.sum(x, [-1]),
      tf.sum(x),
      tf.sum(x, [1, 2]),
      tf.sum(tf.ones([100, 2]), 0),
      tf.mean(x, [0, 1, 2])
    ]
  })
})

test('sums and means of millions keep their digits', async () => {
  await tf.setBackend('wasm')
  const read = (run: () => tf.Tensor): number[] => {
    const result = tf.tidy(run)
    const values = [...result.dataSync()]
    result.dispose()
    return values
  }
  const total = (values: number[], expected: number): void =>
    values.forEach(value => expect(Math.abs(value / expected - 1)).toBeLessThan(1e-5))
  for (const size of [4_194_304, 1_000_003, 1025]) {
    total(
      read(() => tf.sum(tf.fill([size], 0.1))),
      size * 0.1
    )
    total(
      read(() => tf.mean(tf.fill([size], 0.1))),
      0.1
    )
  }
  total(
    read(() => tf.sum(tf.fill([3, 700, 1000], 0.1), [1, 2], true)),
    70_000
  )
  total(
    read(() => tf.mean(tf.fill([200_000, 8], 0.1), 0)),
    0.1
  )
})

test('gradients that the backend lacks run on the JavaScript code', async () => {
  await agrees(() => {
    const x = random([2, 6, 6, 3], 1) as tf.Tensor4D
    const depthwise = random([3, 3, 3, 2], 2) as tf.Tensor4D
    const f = (x: tf.Tensor, k: tf.Tensor): tf.Tensor =>
      tf.depthwiseConv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'same')
    const rows = random([5, 3], 3)
    const pooled = tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 3, 2, 1))
    const averaged = tf.grad((x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'))
    return [
      ...tf.grads(f)([x, depthwise], random([2, 6, 6, 6], 4)),
      tf.grad(x => tf.gather(x, tf.tensor1d([1, 1, 4], 'int32')))(rows),
      pooled(x),
      averaged(x),
      tf.grad(x => tf.elu(x))(rows),
      tf.grad(x => tf.selu(x))(rows),
      tf.grad(x => tf.softplus(x))(rows)
    ]
  })
})

test('every kernel of the JavaScript backend is there', () => {
  const there = new Set(tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName))
  expect(
    tf
      .getKernelsForBackend('cpu')
      .map(({ kernelName }) => kernelName)
      .filter(name => !there.has(name))
  ).toEqual([])
})

test('no data is left behind, in tensors or in the backend', async () => {
  await tf.setBackend('wasm')
  const x = random([2, 9, 9, 8], 1) as tf.Tensor4D
  const kernel = random([3, 3, 8, 8], 2) as tf.Tensor4D
  const depthwise = random([3, 3, 8, 1], 2) as tf.Tensor4D
  const run = (): void =>
    tf.tidy(() => {
      tf.grads((x, k) => tf.sum(tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, 2, 1), [0, 1, 2]))([x, kernel])
      tf.grads((x, k) => tf.depthwiseConv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'same'))([x, depthwise])
      tf.matMul(tf.ones([5, 3]), tf.ones([5, 3]), true, false)
    })
  run()
  const before = [tf.memory().numTensors, tf.memory().numBytes, tf.engine().backend.numDataIds()]
  run()
  expect([tf.memory().numTensors, tf.memory().numBytes, tf.engine().backend.numDataIds()]).toEqual(before)
})

test('a clone shares the data of its original and outlives it', async () => {
  await tf.setBackend('wasm')
  const before = tf.engine().backend.numDataIds()
  const original = tf.tensor1d([1, 2, 3])
  const clone = tf.clone(original)
  expect(clone.dataId).toBe(original.dataId)
  expect(tf.engine().backend.numDataIds()).toBe(before + 1)
  original.dispose()
  expect([...(await clone.data())]).toEqual([1, 2, 3])
  clone.dispose()
  expect(tf.engine().backend.numDataIds()).toBe(before)
})

test('a reset of TensorFlow.js starts the backend anew, with its threads and an empty memory', async () => {
  const words = await registerWasm()
  const before = tf.backend() as unknown as { memory(): { numBytesInMemory: number } }
  tf.ones([1000, 1000])
  tf.engine().reset()
  expect(await registerWasm()).toBe(words)
  expect(tf.backend()).not.toBe(before)
  expect((tf.backend() as unknown as typeof before).memory().numBytesInMemory).toBe(0)
  expect(tf.sum(tf.ones([1000, 1000])).dataSync()[0]).toBe(1_000_000)
})
