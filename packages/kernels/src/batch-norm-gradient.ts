import type { FusedKernel, NoAttributes } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { normaliseGradient, overBatch, type GradientInputs } from './normalisation.ts'
import { expectShapes, mapShape } from './shape-rules.ts'

type Results = readonly [dx: tf.Tensor4D, dScale: tf.Tensor, dOffset: tf.Tensor]

/** What arrives at a normalisation over the batch, on its way to the input, the scale and the offset. */
export const batchNormGradient: FusedKernel<GradientInputs, NoAttributes, Results> = {
  name: 'BatchNormGradient',
  shapes(inputs) {
    const [, , , channels] = mapShape('batchNormGradient', 'x', inputs.x)
    const each = [channels]
    expectShapes('batchNormGradient', inputs, { g: inputs.x, scale: each, mean: each, inverse: each })
    return [inputs.x, each, each]
  },
  multiplyAdds: () => 0,
  composed: inputs => normaliseGradient(inputs, overBatch)
}
