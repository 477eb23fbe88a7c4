import * as tf from '@tensorflow/tfjs-core'
import type { WasmBackend } from './scratch.ts'

/** Kernels that the wasm backend has but gets wrong: the gradient of a max-pool padded by a number, in 4.22.0. */
const wrong = new Set(['MaxPoolGrad'])

/** Registers every kernel that only the JavaScript backend has, or has right: slow, but right. */
export function fallBackToCpu(): void {
  for (const kernelName of wrong) tf.unregisterKernel(kernelName, 'wasm')
  const there = new Set(tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName))
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) {
    if (!there.has(kernelName)) tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: throughCpu(kernelFunc) })
  }
}

/** The part of the JavaScript backend that a kernel uses. */
interface CpuBackend {
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: ArrayLike<number>): tf.TensorInfo
  readSync(dataId: object): Float32Array
  disposeData(dataId: object): boolean
}

/** Copies the inputs over, runs the kernel there and copies the outputs back. */
const throughCpu = (kernelFunc: tf.KernelFunc): tf.KernelFunc => ({ inputs, attrs, backend }) => {
  const wasm = backend as unknown as WasmBackend
  const cpu = tf.engine().findBackend('cpu') as unknown as CpuBackend
  const over = Object.entries(inputs as Record<string, tf.TensorInfo>).map(([name, info]) =>
    [name, cpu.makeTensorInfo(info.shape, info.dtype, wasm.readSync(info.dataId).slice())] as const)
  const results = kernelFunc({ inputs: Object.fromEntries(over), attrs: attrs!, backend: cpu })
  const back = [results].flat().map(({ shape, dtype, dataId }) => {
    const copy = wasm.makeOutput(shape, dtype, undefined, cpu.readSync(dataId))
    cpu.disposeData(dataId)
    return copy
  })
  for (const [, { dataId }] of over) cpu.disposeData(dataId)
  return Array.isArray(results) ? back : back[0]!
}
