import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'

/** Backends that a test in Node can reach without a GPU. */
export type TestBackend = 'cpu' | 'wasm' | 'webgpu' | 'node'

/**
 * Runs the same tests on several backends; WebGPU on the machine's own driver, or on one in software, and TensorFlow's
 * library where it is built, or else skipped with the reason. The tests are told the name that TensorFlow.js knows.
 */
export async function describeOnBackends(
  backends: readonly TestBackend[],
  tests: (backend: string) => void
): Promise<void> {
  for (const wanted of backends) {
    const backend = wanted === 'node' ? 'tensorflow' : wanted
    if (wanted === 'node') {
      const refusal = await (await import('@lapstrake/backend-node')).registerNode().then(
        () => undefined,
        (error: Error) => error.message
      )
      if (refusal !== undefined) {
        test.skip(`on the node backend (${refusal})`, () => {})
        continue
      }
    }
    if (backend === 'wasm') await (await import('@lapstrake/backend-wasm')).registerWasm()
    if (backend === 'webgpu' && !(await startWebGPU())) {
      test.skip('on the webgpu backend (no Vulkan driver answers; try apt-get install libvulkan1 chromium)', () => {})
      continue
    }
    describe(`on the ${wanted} backend`, () => {
      beforeAll(async () => {
        expect(await tf.setBackend(backend)).toBe(true)
        expect(tf.getBackend()).toBe(backend)
      })
      tests(backend)
    })
  }
}

/** Gives Node a `navigator.gpu`, then loads the backend, which looks for one once. */
async function startWebGPU(): Promise<boolean> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
  if (!process.env['VK_ICD_FILENAMES'] && existsSync(software) && (await create([]).requestAdapter()) === null) {
    process.env['VK_ICD_FILENAMES'] = software
  }
  const gpu = create([])
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true })
  if ((await gpu.requestAdapter()) === null) return false
  await import('@tensorflow/tfjs-backend-webgpu')
  return true
}
