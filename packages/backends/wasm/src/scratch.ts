import * as tf from '@tensorflow/tfjs-core'

/** The part of the wasm backend that a kernel uses. */
export interface WasmBackend {
  disposeData(dataId: object): boolean
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array
  makeOutput(shape: readonly number[], dtype: tf.DataType, memoryOffset?: number, values?: ArrayLike<number>): tf.TensorInfo
  incRef(dataId: object): void
}

/** Runs a registered kernel of the wasm backend. */
export type Call = (kernelName: string, inputs: tf.NamedTensorInfoMap, attrs?: object) => tf.TensorInfo

/** Builds a result from other kernels' results and frees those it does not return. */
export function scratch(backend: unknown, build: (call: Call) => tf.TensorInfo): tf.TensorInfo {
  const made: tf.TensorInfo[] = []
  const call: Call = (kernelName, inputs, attrs = {}) => {
    const { kernelFunc } = tf.getKernel(kernelName, 'wasm')
    const result = kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend: backend as object }) as tf.TensorInfo
    made.push(result)
    return result
  }
  let result: tf.TensorInfo | undefined
  try {
    return result = build(call)
  } finally {
    for (const info of made) if (info !== result) (backend as WasmBackend).disposeData(info.dataId)
  }
}
