import { own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'vitest'

/**
 * Expects that a backend finds the numbers that TensorFlow.js's backend in plain JavaScript finds, within 1e-4 of the
 * largest, or of one. Both must be registered; the one under test stays in use.
 */
export async function expectAsOnCpu(backend: string, run: () => number[]): Promise<void> {
  const [expected, found] = [[], []] as [number[], number[]]
  for (const [name, numbers] of [
    ['cpu', expected],
    [backend, found]
  ] as const) {
    expect(await tf.setBackend(name)).toBe(true)
    numbers.push(...own(run))
  }
  expect(found).toHaveLength(expected.length)
  const largest = Math.max(1, ...expected.map(Math.abs))
  found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * largest))
}
