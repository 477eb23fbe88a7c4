import type { FusedKernel, Random } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'

/** What a kernel takes, by name. */
export type InputsOf<Kernel extends FusedKernel> = Parameters<Kernel['composed']>[0]

/** The numbers and switches that a kernel takes beside its inputs. */
export type AttributesOf<Kernel extends FusedKernel> = Parameters<Kernel['composed']>[1]

/** Inputs that a kernel can be tried on. */
export interface KernelExample<Kernel extends FusedKernel = FusedKernel> {
  readonly inputs: InputsOf<Kernel>
  readonly attributes: AttributesOf<Kernel>
}

/** A function of ordinary operations, and the place where a kernel gives its gradient. */
export interface Differentiable {
  readonly forward: (...at: tf.Tensor[]) => tf.Tensor
  /** The last results of the kernel are the gradients of these, in order. */
  readonly at: readonly tf.Tensor[]
  /** What arrives at the result of `forward`. */
  readonly arriving: tf.Tensor
}

/** What a kernel, and a backend that implements it, is held to. Only tests need it: pages load the kernel alone. */
export interface KernelSuite<Kernel extends FusedKernel = FusedKernel> {
  readonly kernel: Kernel
  /** Odd shapes, and one that is large enough to be shared by threads. */
  examples(random: Random): readonly KernelExample<Kernel>[]
  /** Of what the kernel is the gradient, where it is one. */
  gradientOf?(inputs: InputsOf<Kernel>, attributes: AttributesOf<Kernel>): Differentiable
}
