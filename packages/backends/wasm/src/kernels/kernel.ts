import * as tf from '@tensorflow/tfjs-core'
import type { WasmBackend } from '../wasm-backend.ts'

/** What a kernel is given. */
export interface Given {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>
  readonly attrs: Readonly<Record<string, unknown>>
  readonly backend: WasmBackend
}

/** A kernel of this backend, or nothing where it leaves the case to the JavaScript kernel of the same name. */
export type Native = (given: Given) => tf.TensorInfo | tf.TensorInfo[] | undefined

/** Kernels by the names that TensorFlow.js gives them. */
export type Natives = Readonly<Record<string, Native>>

/** Runs a kernel of this backend by name, as another kernel does that is made of several. */
export function call(name: string, { backend }: Pick<Given, 'backend'>, inputs: Given['inputs'], attrs: object = {}): tf.TensorInfo {
  return tf.getKernel(name, 'wasm').kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo
}

export const isFloat = (...infos: readonly (tf.TensorInfo | undefined)[]): boolean => infos.every(info => info === undefined || info.dtype === 'float32')

export const sizeOf = (shape: readonly number[]): number => tf.util.sizeFromShape(shape as number[])

/** Vectors of four that hold so many numbers. */
export const vectors = (numbers: number): number => Math.ceil(numbers / 4)
