import type { FusedKernel } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { expectGroups } from './group-norm.ts'
import { normaliseGradient, overGroups, type GradientInputs } from './normalisation.ts'
import { expectShapes, mapShape } from './shape-rules.ts'

type Attributes = { readonly groups: number }
type Results = readonly [dx: tf.Tensor4D, dScale: tf.Tensor, dOffset: tf.Tensor]

/** What arrives at a normalisation over groups of channels, on its way to the input, the scale and the offset. */
export const groupNormGradient: FusedKernel<GradientInputs, Attributes, Results> = {
  name: 'GroupNormGradient',
  shapes(inputs, { groups }) {
    const [batch, , , channels] = mapShape('groupNormGradient', 'x', inputs.x)
    expectGroups('groupNormGradient', channels, groups)
    const each = [batch, 1, 1, channels]
    expectShapes('groupNormGradient', inputs, { g: inputs.x, scale: [channels], mean: each, inverse: each })
    return [inputs.x, [channels], [channels]]
  },
  multiplyAdds: () => 0,
  composed: (inputs, { groups }) => normaliseGradient(inputs, overGroups(inputs.x.shape, groups))
}
