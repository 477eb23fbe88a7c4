import type { FusedKernel } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { sameShape } from './shape-rules.ts'

type Inputs = {
  readonly param: tf.Tensor
  readonly gradient: tf.Tensor
  readonly first: tf.Tensor
  readonly second: tf.Tensor
}
type Attributes = {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** What is left of the parameter before its step. */
  readonly kept: number
  /** The learning rate over `1 - beta1ᵗ`, t the number of steps with this one. */
  readonly rate: number
  /** `1 - beta2ᵗ`, by which the second moment is divided. */
  readonly unbiased: number
}
type Results = readonly [param: tf.Tensor, first: tf.Tensor, second: tf.Tensor]

/** A step of Adam with decoupled weight decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101). */
export const adamWUpdate: FusedKernel<Inputs, Attributes, Results> = {
  name: 'AdamWUpdate',
  shapes(inputs) {
    const shape = sameShape('adamWUpdate', inputs)
    return [shape, shape, shape]
  },
  multiplyAdds: () => 0,
  composed({ param, gradient, first, second }, { beta1, beta2, epsilon, kept, rate, unbiased }) {
    const m = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1))
    const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2))
    const step = tf.div(m, tf.add(tf.sqrt(tf.div(v, unbiased)), epsilon))
    return [tf.sub(tf.mul(param, kept), tf.mul(step, rate)), m, v]
  }
}
