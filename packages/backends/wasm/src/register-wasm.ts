import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { convolutionBackpropFilter, convolutionBackpropInput } from './convolution-gradients.ts'
import { fallBackToCpu } from './fall-back.ts'
import { identity } from './identity.ts'
import { fusedMatMul, matMul } from './mat-mul.ts'
import { mean, sum } from './sum.ts'

export interface WasmOptions {
  /** The folder of the `.wasm` files of `@tensorflow/tfjs-backend-wasm`, with a slash at the end; found by itself in Node. */
  readonly wasmPaths?: string
}

let registered = false

/**
 * Makes TensorFlow.js's wasm backend ready to train and the current one: kernels it lacks run on the JavaScript backend's
 * code, and those that are an order of magnitude slower than they need to be are put differently.
 *
 * @throws Error if the backend does not start, as in a browser that was not told where the `.wasm` files are
 */
export async function registerWasm({ wasmPaths }: WasmOptions = {}): Promise<void> {
  const folder = wasmPaths ?? await folderInNode()
  if (folder !== undefined && !registered) setWasmPaths(folder)
  const started = await tf.setBackend('wasm').catch(() => false)
  if (!started || tf.getBackend() !== 'wasm') {
    throw new Error(
      'backend-wasm: expected the wasm backend of TensorFlow.js to start, but it did not. ' +
      'In a browser, serve the .wasm files of @tensorflow/tfjs-backend-wasm and pass their folder as wasmPaths.')
  }
  if (registered) return
  registered = true
  fallBackToCpu()
  for (const kernel of [identity, matMul, fusedMatMul, convolutionBackpropInput, convolutionBackpropFilter, mean, sum]) {
    const config = kernel()
    if (tf.getKernel(config.kernelName, 'wasm') !== undefined) tf.unregisterKernel(config.kernelName, 'wasm')
    tf.registerKernel(config)
  }
}

async function folderInNode(): Promise<string | undefined> {
  if (typeof process === 'undefined' || !process.versions?.node) return undefined
  const { createRequire } = await import(/* @vite-ignore */ 'node:module')
  const { dirname, sep } = await import(/* @vite-ignore */ 'node:path')
  return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep
}
