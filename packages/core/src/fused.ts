import * as tf from '@tensorflow/tfjs-core'
import { own } from './memory.ts'
import type { Shape } from './shape.ts'

/** What a kernel takes, by name. */
export type KernelInputs = Readonly<Record<string, tf.Tensor>>

/** Numbers and switches that a kernel takes beside its inputs. */
export type KernelAttributes = Readonly<Record<string, number | boolean>>

/** For kernels that take inputs alone. */
export type NoAttributes = Readonly<Record<never, never>>

/** One result, or several in a fixed order. */
export type KernelResults = tf.Tensor | readonly tf.Tensor[]

/** The shape of each of several tensors, in its place. */
export type ShapesOf<T> = { readonly [K in keyof T]: Shape }

/**
 * Several operations that a backend may have one kernel of float32 for: what the kernel takes and gives, and how every
 * other backend does without it. A value, which is handed to {@link fusedOr} and to the backends that implement it.
 */
export interface FusedKernel<
  Inputs extends KernelInputs = KernelInputs,
  Attributes extends KernelAttributes = KernelAttributes,
  Results extends KernelResults = KernelResults
> {
  /** What backends register it as; no other kernel has this name. */
  readonly name: string
  /**
   * The shapes of the results.
   *
   * @throws Error for inputs and attributes that do not fit together
   */
  shapes(inputs: ShapesOf<Inputs>, attributes: Attributes): Results extends tf.Tensor ? Shape : ShapesOf<Results>
  /** How often it multiplies and adds; 0 where that is nothing beside the reading and writing. */
  multiplyAdds(inputs: ShapesOf<Inputs>, attributes: Attributes): number
  /** The same results from ordinary operations. {@link fusedOr} frees what is left on the way. */
  composed(inputs: Inputs, attributes: Attributes): Results
}

/** Attributes may be left out where there are none. */
type Given<Attributes> = NoAttributes extends Attributes ? [attributes?: Attributes] : [Attributes]

/**
 * Runs the backend's own kernel, where it has one and all inputs are of float32, or else what it is composed of.
 *
 * Nothing is recorded for a kernel of one's own: use it where gradients are given by hand, in `withGradient`, or not
 * wanted.
 *
 * @throws Error for inputs and attributes that do not fit together, on every backend alike
 */
export function fusedOr<
  Inputs extends KernelInputs,
  Attributes extends KernelAttributes,
  Results extends KernelResults
>(
  kernel: FusedKernel<Inputs, Attributes, Results>,
  inputs: NoInfer<Inputs>,
  ...[attributes = {} as Attributes]: Given<NoInfer<Attributes>>
): Results {
  ;(kernel as FusedKernel).shapes(shapesOf(inputs), attributes)
  const hasKernel = tf.getKernel(kernel.name, tf.getBackend()) !== undefined
  const isFloat = Object.values<tf.Tensor>(inputs).every(({ dtype }) => dtype === 'float32')
  if (!hasKernel || !isFloat) return own(() => kernel.composed(inputs, attributes))
  return tf.engine().runKernel(kernel.name, inputs, attributes) as KernelResults as Results
}

/** As a kernel's rule of shapes wants them. */
export const shapesOf = (tensors: Readonly<Record<string, tf.TensorInfo>>): Readonly<Record<string, Shape>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))
