import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'vitest'

export const random = (seed: number, ...shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed)

/** Runs a kernel that TensorFlow.js has no function for. */
export const run = (name: string, inputs: Record<string, tf.Tensor>, attrs = {}): tf.Tensor[] =>
  [tf.engine().runKernel(name, inputs, attrs) as tf.Tensor | tf.Tensor[]].flat()

/** The same shapes, and numbers that differ by no more than so many of the largest expected. */
export function close(found: readonly tf.Tensor[], expected: readonly tf.Tensor[], tolerance = 1e-4): void {
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  expected.forEach((tensor, i) => {
    const [wanted, got] = [tensor, found[i]!].map(one => Array.from<number>(one.dataSync())) as [number[], number[]]
    const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-5)
    const worst = wanted.reduce((most, value, j) => Math.max(most, Math.abs(got[j]! - value)), 0)
    expect(worst, `result ${i}`).toBeLessThanOrEqual(tolerance * largest)
  })
}
