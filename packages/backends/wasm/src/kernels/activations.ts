import type * as tf from '@tensorflow/tfjs-core'
import { call, instead, type Given, type Native } from './kernel.ts'

/** Activations that a kernel takes along, and their numbers there. */
export const activations = { linear: 0, relu: 1, relu6: 2 } as const

export type Activation = keyof typeof activations

const known = (activation: string): activation is Activation => activation in activations

const kernels: Readonly<Record<string, string>> = {
  elu: 'Elu',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid'
}

/** A kernel with an activation behind it: one that it takes along, or a kernel of its own. */
export const activated =
  (kernel: (given: Given, activation: Activation) => tf.TensorInfo | undefined): Native =>
  given => {
    const { activation = 'linear', leakyreluAlpha } = given.attrs as {
      activation?: string | undefined
      leakyreluAlpha?: number | undefined
    }
    const result = known(activation) ? kernel(given, activation) : undefined
    const behind = kernels[activation]
    if (result !== undefined || behind === undefined) return result
    const x = kernel(given, 'linear')
    if (x === undefined) return undefined
    const alpha = given.inputs.preluActivationWeights
    const inputs = alpha === undefined ? { x } : { x, alpha }
    return instead(given, x, call(behind, given, inputs, { alpha: leakyreluAlpha }))
  }
