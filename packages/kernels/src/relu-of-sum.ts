import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { sameShape } from './shape-rules.ts'

type Inputs = { readonly a: tf.Tensor; readonly b: tf.Tensor }

/** What a residual block ends with: the sum of two tensors of one shape, and a ReLU. */
export const reluOfSum: FusedKernel<Inputs, NoAttributes, tf.Tensor> = {
  name: 'ReluOfSum',
  shapes: inputs => sameShape('reluOfSum', inputs),
  multiplyAdds: () => 0,
  composed: ({ a, b }) => tf.tidy(() => tf.relu(tf.add(a, b)))
}
