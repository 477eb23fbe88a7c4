import { checkOptions, stateless, type Stage } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

export interface MyStageOptions {
  /** Numbers in a row that comes out. */
  readonly dim: number
}

/**
 * A dense layer: takes rows `[batch, inputs]`, gives rows `[batch, dim]` of numbers from -1 to 1. This is where your
 * stage begins: `init` makes its first weights and says what shape comes out, `apply` is arithmetic on tensors that it
 * borrows.
 *
 * @throws TypeError without `dim`
 * @throws RangeError if `dim` is not a whole number above 0
 * @throws Error, when it is used, for inputs that are no rows
 */
export function myStage(options: MyStageOptions): Stage {
  checkOptions('myStage', options, { dim: 'number' })
  const { dim } = options
  if (!Number.isInteger(dim) || dim < 1)
    throw new RangeError(`myStage: expected a dim of 1 or more, got ${dim}. Try { dim: 64 }.`)
  return stateless('myStage', {
    init(random, shape) {
      const [inputs] = shape
      if (inputs === undefined || shape.length !== 1)
        throw new Error(
          `myStage: expected rows [batch, inputs], got inputs of shape [batch, ${shape.join(', ')}]. ` +
            'Put a stage before it that gives rows, such as globalAveragePool() of @lapstrake/layers.'
        )
      return {
        params: { weights: random.normal([inputs, dim], 0, 1 / Math.sqrt(inputs)), bias: tf.zeros([dim]) },
        outputShape: [dim]
      }
    },
    apply: ({ weights, bias }, x) => tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias))
  })
}
