import type * as tf from '@tensorflow/tfjs-core'
import type { WasmBackend } from './scratch.ts'

/** A second name for the same data, where the backend's own kernel copies it: every tensor kept for a backward pass is one. */
export const identity = (): tf.KernelConfig => ({
  kernelName: 'Identity',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x!
    ;(backend as unknown as WasmBackend).incRef(dataId)
    return { dataId, shape, dtype }
  }
})
