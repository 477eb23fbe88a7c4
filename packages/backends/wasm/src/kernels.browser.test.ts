import '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { registerWasm } from './index.ts'

/** Functions that between them run most kernels, on numbers that are the same everywhere. */
function results(): tf.Tensor[] {
  const numbers = (seed: number, ...shape: number[]): tf.Tensor =>
    tf.reshape(
      tf.sin(
        tf.mul(
          tf.range(
            0,
            shape.reduce((a, b) => a * b)
          ),
          seed + 0.7
        )
      ),
      shape
    )
  const [x, filter] = [numbers(1, 16, 24, 22, 9), numbers(2, 3, 3, 9, 17)] as [tf.Tensor4D, tf.Tensor4D]
  const f = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 1)
  const [a, b] = [numbers(3, 150, 333), numbers(4, 333, 77)] as [tf.Tensor2D, tf.Tensor2D]
  return [
    f(x, filter),
    ...tf.grads(f)([x, filter]),
    tf.matMul(a, b),
    tf.softmax(a),
    tf.exp(a),
    tf.log(tf.add(tf.abs(a), 0.1)),
    tf.sum(x, [0, 1, 2]),
    tf.mean(a, 1),
    tf.transpose(a),
    tf.maxPool(x, 3, 2, 1),
    tf.add(a, numbers(5, 333)),
    tf.concat([a, a], 1),
    tf.tanh(a)
  ]
}

const where = globalThis.crossOriginIsolated ? 'on threads' : 'on one thread'

test(`kernels agree with the JavaScript backend, ${where}`, async () => {
  const on = async (backend: string): Promise<Float32Array[]> => {
    await tf.setBackend(backend)
    return tf.tidy(results).map(tensor => tensor.dataSync() as Float32Array)
  }
  const sentence = await registerWasm({ threads: 2 })
  expect(sentence).toContain(globalThis.crossOriginIsolated ? '2 threads' : 'one thread')
  const [found, expected] = [await on('wasm'), await on('cpu')]
  expected.forEach((values, i) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
    const worst = values.reduce((most, value, j) => Math.max(most, Math.abs(value - found[i]![j]!)), 0)
    expect(worst / largest, `result ${i}`).toBeLessThan(1e-4)
  })
})
