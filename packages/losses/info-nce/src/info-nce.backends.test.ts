import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { create, globals } from 'webgpu'
import { test } from 'vitest'
import { describeGolden } from './golden/describe-golden.ts'

describeGolden('cpu')

setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)
describeGolden('wasm')

if (await hasWebGPU()) {
  await import('@tensorflow/tfjs-backend-webgpu')
  describeGolden('webgpu')
} else {
  test.skip('on the webgpu backend (no Vulkan driver answers; apt-get install libvulkan1 chromium brings one in software)', () => {})
}

/** Gives Node a `navigator.gpu`: the machine's own driver, or else the software driver that comes with Debian's chromium. */
async function hasWebGPU(): Promise<boolean> {
  Object.assign(globalThis, globals)
  const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
  if (!process.env['VK_ICD_FILENAMES'] && existsSync(software) && await create([]).requestAdapter() === null) {
    process.env['VK_ICD_FILENAMES'] = software
  }
  const gpu = create([])
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true })
  return await gpu.requestAdapter() !== null
}
