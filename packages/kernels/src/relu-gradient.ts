import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { sameShape } from './shape-rules.ts'

type Inputs = { readonly dy: tf.Tensor; readonly y: tf.Tensor }

/** What passes backward through a ReLU whose output was `y`. */
export const reluGradient: FusedKernel<Inputs, NoAttributes, tf.Tensor> = {
  name: 'ReluGradient',
  shapes: inputs => sameShape('reluGradient', inputs),
  multiplyAdds: () => 0,
  composed: ({ dy, y }) => tf.tidy(() => tf.mul(dy, tf.step(y))),
  examples: random =>
    [[1], [5, 7], [1, 3, 3, 1], [9, 21, 19, 37]].map(shape => ({
      inputs: { dy: random.split('dy').normal(shape), y: tf.relu(random.split('y').normal(shape)) },
      attributes: {}
    })),
  gradientOf: ({ dy, y }) => ({ forward: x => tf.relu(x), at: [y], arriving: dy })
}
