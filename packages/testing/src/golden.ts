import { vjp } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'vitest'

/** A tensor in a file of reference values, row by row. */
export interface GoldenTensor {
  readonly shape: readonly number[]
  readonly data: readonly (number | string)[]
  readonly dtype?: string | undefined
}

/** The reference values of one call. */
export interface GoldenCall {
  readonly inputs: readonly GoldenTensor[]
  readonly loss: number
  /** The gradient for each input; an absent one is not compared. */
  readonly gradients?: readonly (GoldenTensor | undefined)[] | undefined
}

/** A tensor of reference values, on the backend in use. */
export const goldenTensor = ({ shape, data, dtype }: GoldenTensor): tf.Tensor =>
  tf.tensor(data.map(Number), [...shape], dtype?.startsWith('int') ? 'int32' : 'float32')

/**
 * Expects what a correct float32 implementation reaches: the loss within 1e-5 of the reference, relative where it is
 * above one, and each gradient within 2e-5 of its largest entry.
 */
export async function expectGolden(
  f: (...inputs: tf.Tensor[]) => tf.Scalar,
  { inputs, loss, gradients = [] }: GoldenCall
): Promise<void> {
  const given = inputs.map(goldenTensor)
  const { outputs, pull } = vjp(() => ({ outputs: [f(...given)], aux: null }), given)
  const pulled = pull([tf.scalar(1)], given, { last: true })
  const [value] = await outputs[0]!.data()
  expect(Math.abs(value! - loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)))
  for (const [i, gradient] of gradients.entries())
    if (gradient !== undefined) await expectGoldenTensor(pulled[i] ?? tf.zerosLike(given[i]!), gradient)
}

/** Expects a tensor within 2e-5 of the largest entry of the reference. */
export async function expectGoldenTensor(found: tf.Tensor, { data }: GoldenTensor): Promise<void> {
  const values = await found.data()
  const expected = data.map(Number)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(values[i]! - value)), 0)
  expect(values).toHaveLength(expected.length)
  expect(error).toBeLessThan(2e-5 * largest)
}
