import type { FusedKernel, KernelAttributes, KernelInputs, KernelResults } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { WasmBackend } from '../wasm-backend.ts'

/** What a kernel is given. */
export interface Given {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>
  readonly attrs: Readonly<Record<string, unknown>>
  readonly backend: WasmBackend
}

/** What a kernel is told beside its inputs, as TensorFlow.js types it for that kernel. */
export const attributesOf = <T extends object>({ attrs }: Pick<Given, 'attrs'>): T => attrs as T

/** A kernel of this backend, or nothing where it leaves the case to the JavaScript kernel of the same name. */
export type Native = (given: Given) => tf.TensorInfo | tf.TensorInfo[] | undefined

/** Kernels by the names that TensorFlow.js gives them. */
export type Natives = Readonly<Record<string, Native>>

/** A fused kernel, and how this backend computes it. */
export interface Implementation {
  readonly kernel: FusedKernel
  readonly native: Native
}

/** What a backend knows of tensors, each in its place. */
type InfosOf<T> = T extends tf.Tensor ? tf.TensorInfo : { readonly [K in keyof T]: tf.TensorInfo }

/** Implements a fused kernel; its inputs are of float32 and of shapes that fit together. */
export const implement = <
  Inputs extends KernelInputs,
  Attributes extends KernelAttributes,
  Results extends KernelResults
>(
  kernel: FusedKernel<Inputs, Attributes, Results>,
  compute: (inputs: InfosOf<Inputs>, attributes: NoInfer<Attributes>, backend: WasmBackend) => InfosOf<Results>
): Implementation => ({
  kernel,
  native: ({ inputs, attrs, backend }) =>
    compute(inputs as InfosOf<Inputs>, attrs as Attributes, backend) as tf.TensorInfo | tf.TensorInfo[]
})

/** Runs a kernel of this backend by name, as another kernel does that is made of several. */
export function call(
  name: string,
  { backend }: Pick<Given, 'backend'>,
  inputs: Given['inputs'],
  attrs: object = {}
): tf.TensorInfo {
  return tf.getKernel(name, 'wasm').kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo
}

/** What was made of a tensor, which is no longer needed. */
export function instead({ backend }: Pick<Given, 'backend'>, x: tf.TensorInfo, made: tf.TensorInfo): tf.TensorInfo {
  backend.disposeIntermediateTensorInfo(x)
  return made
}

/**
 * Runs a kernel again, with the axes that it reduces at the end; the JavaScript kernels would move them there slowly.
 * Nothing, where they are there.
 */
export function axesLast(name: string, given: Given, axes: readonly number[]): tf.TensorInfo | undefined {
  const x = given.inputs.x!
  const perm = tf.backend_util.getAxesPermutation([...axes], x.shape.length)
  if (perm === null || !isNumeric(x)) return undefined
  const last = tf.backend_util.getInnerMostAxes(axes.length, x.shape.length)
  const moved = call('Transpose', given, { x }, { perm })
  return instead(
    given,
    moved,
    call(
      name,
      given,
      { x: moved },
      { axis: name.startsWith('Arg') ? last[0] : last, reductionIndices: last, keepDims: false }
    )
  )
}

export const isFloat = (...infos: readonly (tf.TensorInfo | undefined)[]): boolean =>
  infos.every(info => info === undefined || info.dtype === 'float32')

/** A tensor whose numbers lie in the memory. */
export interface Numeric extends tf.TensorInfo {
  dtype: 'float32' | 'int32' | 'bool'
}

export const isNumeric = (info: tf.TensorInfo): info is Numeric =>
  info.dtype === 'float32' || info.dtype === 'int32' || info.dtype === 'bool'

/** What a number takes. */
export const bytesOf = ({ dtype }: tf.TensorInfo): number => (dtype === 'bool' ? 1 : 4)

export const sizeOf = (shape: readonly number[]): number => tf.util.sizeFromShape(shape as number[])

/** Vectors of four that hold so many numbers. */
export const vectors = (numbers: number): number => Math.ceil(numbers / 4)
