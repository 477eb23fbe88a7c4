import type { FusedKernel } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { moments, normalise, overGroups } from './normalisation.ts'
import { expectShapes, mapShape } from './shape-rules.ts'

type Inputs = { readonly x: tf.Tensor4D; readonly scale: tf.Tensor; readonly offset: tf.Tensor }
type Attributes = { readonly groups: number; readonly epsilon: number; readonly relu: boolean }
type Results = readonly [value: tf.Tensor4D, mean: tf.Tensor, inverse: tf.Tensor]

/**
 * Maps normalised by the moments of each group of channels of each image, scaled, moved, and a ReLU if wanted; with the
 * mean and `1 / √(variance + epsilon)` of each channel's group in each image, `[batch, 1, 1, channels]`.
 */
export const groupNorm: FusedKernel<Inputs, Attributes, Results> = {
  name: 'GroupNorm',
  shapes(inputs, { groups }) {
    const [batch, , , channels] = mapShape('groupNorm', 'x', inputs.x)
    expectGroups('groupNorm', channels, groups)
    expectShapes('groupNorm', inputs, { scale: [channels], offset: [channels] })
    const each = [batch, 1, 1, channels]
    return [inputs.x, each, each]
  },
  multiplyAdds: () => 0,
  composed({ x, scale, offset }, { groups, epsilon, relu }) {
    const { value, mean, inverse } = normalise(x, scale, offset, moments(x, overGroups(x.shape, groups)), epsilon, relu)
    return [value, mean, inverse]
  }
}

/** Refuses groups that do not divide the channels. */
export function expectGroups(who: string, channels: number, groups: number): void {
  if (!(groups > 0 && channels % groups === 0)) {
    throw new RangeError(
      `${who}: expected groups that divide ${channels} channels, got ${groups}. Try 1, or ${channels}.`
    )
  }
}
