import '@lapstrake/core'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { test } from 'vitest'
test('x', async () => {
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  process.env.VK_ICD_FILENAMES = '/usr/lib/chromium/vk_swiftshader_icd.json'
  const gpu = create([])
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true })
  const adapter = await gpu.requestAdapter()
  console.log(adapter?.info?.vendor, adapter?.info?.architecture, adapter?.info?.description, adapter?.info?.device)
  await import('@tensorflow/tfjs-backend-webgpu')
  for (const b of ['cpu', 'wasm', 'webgpu']) {
    console.log(b, await tf.setBackend(b).catch(e => String(e)), tf.getBackend())
    const show = async (name: string, f: () => tf.Tensor) => {
      try { const t = f(); console.log(name, t.dtype, t.shape, (await t.data()).join(' ')) } catch (e) { console.log(name, String(e)) }
    }
    await show('oneHot float', () => tf.oneHot(tf.range(0, 3, 1, 'int32'), 3, 1e9, 0, 'float32'))
    await show('oneHot out', () => tf.oneHot(tf.tensor1d([1, -1, 3], 'int32'), 3, 1, 0, 'float32'))
    await show('equal', () => tf.equal(tf.expandDims(tf.tensor1d([1, -1, 3], 'int32'), 1), tf.range(0, 3, 1, 'int32')))
    await show('softmax', () => tf.softmax(tf.tensor2d([[-1e9, 100, -100], [5, -1e9, 5]])))
    await show('logsoftmax', () => tf.logSoftmax(tf.tensor2d([[-1e9, 100, -100], [5, -1e9, 5]])))
    await show('where', () => tf.where(tf.tensor2d([[true], [false]] as unknown as number[][], [2, 1], 'bool'), tf.ones([2, 3]), tf.zeros([2, 3])))
  }
})
