import { own, seeded, type Shape } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import * as ort from 'onnxruntime-web'
import { expect } from 'vitest'
import { toOnnx } from '../index.ts'

ort.env.wasm.numThreads = 1

export type Network = (images: tf.Tensor) => tf.Tensor

/** What the runtime makes of a batch must be what we make of it. */
export async function agrees(f: Network, inputShape: Shape, batches: readonly number[] = [1, 4]): Promise<void> {
  const file = toOnnx(f, { inputShape })
  const session = await ort.InferenceSession.create(file)
  expect([session.inputNames, session.outputNames]).toEqual([['images'], ['features']])
  for (const batch of batches) {
    const images = seeded(batch + 100).normal([batch, ...inputShape])
    const expected = own(() => f(images))
    const { features } = await session.run({
      images: new ort.Tensor('float32', Float32Array.from(images.dataSync()), images.shape)
    })
    expect(features!.type).toBe('float32')
    expect(features!.dims).toEqual(expected.shape)
    const [ours, theirs] = [[...expected.dataSync()], features!.data as Float32Array]
    const largest = Math.max(...ours.map(Math.abs))
    expect(largest).toBeGreaterThan(1e-3)
    expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)))).toBeLessThan(1e-4 * largest)
  }
  await session.release()
}
