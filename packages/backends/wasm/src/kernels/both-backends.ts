import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'vitest'

let seed = 0
export const random = (...shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', ++seed)
export const positive = (...shape: number[]): tf.Tensor => tf.add(tf.abs(random(...shape)), 0.1)
/** Whole numbers from 0 to below `most`. */
export const whole = (most: number, ...shape: number[]): tf.Tensor =>
  tf.cast(tf.randomUniform(shape, 0, most, 'float32', ++seed), 'int32')
export const either = (...shape: number[]): tf.Tensor => tf.cast(whole(2, ...shape), 'bool')

/** What a kernel makes, by its name. */
export const run = (name: string, inputs: object, attrs: object = {}): tf.Tensor | tf.Tensor[] =>
  tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap)

/** The same random numbers again. */
export function startAnew(): void {
  seed = 100
}

/**
 * Runs on both backends with the same random numbers, and compares values, shapes and types of all results. Values may
 * differ by the tolerance times the largest, or each by that of its own; then zeros have their signs, too.
 */
export async function agrees(
  run: () => tf.Tensor | tf.Tensor[],
  tolerance = 1e-5,
  of: 'the largest' | 'each' = 'the largest'
): Promise<void> {
  const on = async (backend: string): Promise<{ values: number[]; shape: number[]; dtype: string }[]> => {
    await tf.setBackend(backend)
    startAnew()
    const results = tf.tidy(() => [run()].flat())
    const found = results.map(result => ({ values: [...result.dataSync()], shape: result.shape, dtype: result.dtype }))
    tf.dispose(results)
    return found
  }
  const expected = await on('cpu')
  const before = await on('wasm').then(() => tf.engine().backend.numDataIds())
  const found = await on('wasm')
  expect(tf.engine().backend.numDataIds()).toBe(before)
  expect(found.length).toBe(expected.length)
  expected.forEach(({ values, shape, dtype }, i) => {
    expect([found[i]!.shape, found[i]!.dtype]).toEqual([shape, dtype])
    const largest = values.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      1e-6
    )
    values.forEach((value, j) => {
      const other = found[i]!.values[j]!
      const same =
        of === 'each'
          ? Object.is(value, other) ||
            (value !== 0 && Math.abs(value - other) <= Math.max(tolerance * Math.abs(value), 1e-44))
          : Object.is(value, other) || value === other || Math.abs(value - other) <= tolerance * largest
      if (!same) expect.fail(`result ${i}[${j}] of [${shape.join()}]: expected ${value}, got ${other}`)
    })
  })
}
