import { fusedOr, withGradient } from '@lapstrake/core'
import { reluGradient, reluOfSum as sum } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'

/** ReLU of a sum, which keeps nothing but its result. */
export const reluOfSum = (a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D =>
  withGradient([a, b], (a, b) => {
    const output = fusedOr(sum, { a, b }) as tf.Tensor4D
    return {
      value: output,
      saved: [output],
      gradient(dy, [output]) {
        const g = fusedOr(reluGradient, { dy, y: output! })
        return [g, g]
      }
    }
  })

/**
 * The backward half of a ReLU whose forward half is already done: the same map, through which a gradient passes only
 * where it is above zero. A step of its own, so that what arrives is freed before the next gradient is taken.
 */
export const passingAboveZero = (output: tf.Tensor4D): tf.Tensor4D =>
  withGradient([output], output => ({
    value: tf.clone(output) as tf.Tensor4D,
    saved: [output],
    gradient: (dy, [output]) => [fusedOr(reluGradient, { dy, y: output! })]
  }))
