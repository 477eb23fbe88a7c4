import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { sameShape } from './shape-rules.ts'

type Inputs = { readonly dy: tf.Tensor; readonly y: tf.Tensor }

/** What passes backward through a ReLU whose output was `y`. */
export const reluGradient: FusedKernel<Inputs, NoAttributes, tf.Tensor> = {
  name: 'ReluGradient',
  shapes: inputs => sameShape('reluGradient', inputs),
  multiplyAdds: () => 0,
  composed: ({ dy, y }) => tf.tidy(() => tf.mul(dy, tf.step(y)))
}
