import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { useBackend } from './use-backend.ts'

test.each([0, 1.5, NaN, Infinity, 257, 1e6])(
  '%s threads are refused by every name, and by auto, before anything starts',
  async threads => {
    const before = Object.keys(tf.engine().registryFactory)
    for (const name of ['auto', 'wasm', 'node', 'cpu'] as const) {
      const asked = useBackend(name, { threads })
      await expect(asked).rejects.toThrow(RangeError)
      await expect(asked).rejects.toThrow(
        `useBackend: expected threads to be a whole number from 1 to 256, got ${threads}.`
      )
    }
    expect(Object.keys(tf.engine().registryFactory)).toEqual(before)
  }
)
