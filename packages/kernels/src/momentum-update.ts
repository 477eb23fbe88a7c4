import type { FusedKernel } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { sameShape } from './shape-rules.ts'

type Inputs = { readonly param: tf.Tensor; readonly gradient: tf.Tensor; readonly velocity: tf.Tensor }
type Attributes = {
  readonly momentum: number
  readonly decay: number
  readonly rate: number
  readonly nesterov: boolean
}
type Results = readonly [param: tf.Tensor, velocity: tf.Tensor]

/** A step of gradient descent with momentum: v ← μv + g + λp, p ← p − ηv, with or without a look ahead. */
export const momentumUpdate: FusedKernel<Inputs, Attributes, Results> = {
  name: 'MomentumUpdate',
  shapes(inputs) {
    const shape = sameShape('momentumUpdate', inputs)
    return [shape, shape]
  },
  multiplyAdds: () => 0,
  composed({ param, gradient, velocity }, { momentum, decay, rate, nesterov }) {
    const slope = decayed(param, gradient, decay)
    const faster = tf.add(tf.mul(velocity, momentum), slope)
    const direction = nesterov ? tf.add(slope, tf.mul(faster, momentum)) : faster
    return [tf.sub(param, tf.mul(direction, rate)), faster]
  }
}

/** The gradient and `decay · param`. */
export const decayed = (param: tf.Tensor, gradient: tf.Tensor, decay: number): tf.Tensor =>
  decay === 0 ? gradient : tf.add(gradient, tf.mul(param, decay))
