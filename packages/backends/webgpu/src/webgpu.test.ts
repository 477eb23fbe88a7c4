import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { OutOfRoom } from '@lapstrake/core/errors'
import { registerWebGPU, warmUp } from './index.ts'

const description = await registerWebGPU({ acceptSoftware: true, maxBufferBytes: 4_000_000 }).catch(
  (error: Error) => error.message
)

test.each<[unknown, string]>([
  [true, 'registerWebGPU: expected options, as in { acceptSoftware: … }, got true.'],
  [{ acceptsoftware: true }, 'got acceptsoftware. Did you mean acceptSoftware?'],
  [{ acceptSoftware: 'yes' }, "registerWebGPU: expected acceptSoftware to be a boolean, got 'yes'."],
  [{ maxBufferBytes: 0 }, 'registerWebGPU: expected a maxBufferBytes above 0, got 0. Leave it out.']
])('options %j are refused before a GPU is asked', async (options, message) => {
  await expect(registerWebGPU(options as never)).rejects.toThrow(message)
})

describe.skipIf(!description.startsWith('GPU'))('WebGPU', () => {
  test('asks the adapter for all that it can hold', async () => {
    const { device } = tf.backend() as unknown as { device: { limits: Record<string, number> } }
    const adapter = await (
      navigator as unknown as { gpu: { requestAdapter(): Promise<{ limits: Record<string, number> }> } }
    ).gpu.requestAdapter()
    for (const limit of ['maxStorageBufferBindingSize', 'maxBufferSize'])
      expect(device.limits[limit]).toBe(adapter.limits[limit])
  })

  test('refuses a tensor beyond its limit, and goes on', async () => {
    const row = tf.ones([1, 2000])
    expect(() => tf.tile(row, [1000, 1])).toThrow(OutOfRoom)
    expect(() => tf.tile(row, [1000, 1])).toThrow(
      "expected buffers of at most 4 MB, this GPU's limit, got a tensor of 8 MB. Lower the batch size"
    )
    expect((await tf.sum(tf.tile(row, [2, 1])).data())[0]).toBe(4000)
  })

  test('compiles what some work needs before it is done, and counts', async () => {
    const before = tf.memory().numTensors
    const x = tf.ones([3, 5])
    const seen: number[][] = []
    const work = (): tf.Tensor => tf.tidy(() => tf.erf(tf.mul(tf.cumsum(x, 1), 0.1)))
    await warmUp(
      () => work().dispose(),
      (done, total) => {
        seen.push([done, total])
      }
    )
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.at(-1)![0]).toBe(seen[0]![1])
    const result = work()
    expect((await result.data())[0]).toBeCloseTo(0.1125, 3)
    tf.dispose([result, x])
    expect(tf.memory().numTensors).toBe(before)
  })

  // The last: there is no device behind it.
  test('says so when the GPU is lost', async () => {
    // Small tensors are computed on the host.
    const x = tf.add(tf.ones([2000]), 1)
    const { device } = tf.backend() as unknown as { device: { destroy(): void } }
    device.destroy()
    await expect(tf.add(x, 1).data()).rejects.toThrow('expected the GPU to stay, but it was lost')
    expect(() => tf.mul(x, x)).toThrow('go on from the run as it was last kept')
  })
})
