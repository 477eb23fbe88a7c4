import * as tf from '@tensorflow/tfjs-core'

/** What is used of TensorFlow.js's backend; its own types name those of WebGPU, which clash with the DOM library's. */
interface WebGPUBackend {
  readonly device: {
    readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number }
    readonly lost: Promise<{ readonly reason?: string | undefined; readonly message: string }>
  }
  readonly bufferManager: { acquireBuffer(size: number, ...rest: unknown[]): unknown }
  readonly pipelineCache: Readonly<Record<string, unknown>>
  read(dataId: object): Promise<unknown>
  checkCompileCompletionAsync(): Promise<void>
}

/** The current backend, which is that of WebGPU. */
export const webgpuBackend = (): WebGPUBackend => tf.backend() as unknown as WebGPUBackend
