import type { FusedKernel } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { length } from './length.ts'
import { sameShape } from './shape-rules.ts'

type Inputs = { readonly param: tf.Tensor; readonly gradient: tf.Tensor; readonly velocity: tf.Tensor }
type Attributes = {
  readonly momentum: number
  readonly decay: number
  readonly rate: number
  readonly trust: number
  /** Whether the parameter is decayed and its step scaled by the trust ratio. */
  readonly adapts: boolean
}
type Results = readonly [param: tf.Tensor, velocity: tf.Tensor]

/**
 * A step with a layer's own rate (You et al. 2017, https://arxiv.org/abs/1708.03888): v ← μv + ηr(g + λp), p ← p − v,
 * with r = `trust` · ‖p‖ / ‖g + λp‖, or 1 where either is 0.
 */
export const larsUpdate: FusedKernel<Inputs, Attributes, Results> = {
  name: 'LarsUpdate',
  shapes(inputs) {
    const shape = sameShape('larsUpdate', inputs)
    return [shape, shape]
  },
  multiplyAdds: () => 0,
  composed({ param, gradient, velocity }, { momentum, decay, rate, trust, adapts }) {
    const direction = adapts ? adapted(param, gradient, decay, trust) : gradient
    const faster = tf.add(tf.mul(velocity, momentum), tf.mul(direction, rate))
    return [tf.sub(param, faster), faster]
  }
}

/** The gradient with its decay, scaled by the trust ratio. */
function adapted(param: tf.Tensor, gradient: tf.Tensor, decay: number, trust: number): tf.Tensor {
  const decayed = tf.add(gradient, tf.mul(param, decay))
  const [size, slope] = [length(param), length(decayed)]
  const ratio = tf.divNoNan(tf.mul(size, trust), slope)
  const defined = tf.logicalAnd(tf.greater(size, 0), tf.greater(slope, 0))
  return tf.mul(decayed, tf.where(defined, ratio, tf.onesLike(ratio)))
}
