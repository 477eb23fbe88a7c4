import { fusedOr, withGradient } from '@lapstrake/core'
import { groupNorm, groupNormGradient } from '@lapstrake/kernels'
import type * as tf from '@tensorflow/tfjs-core'
import { epsilon } from './normalise.ts'
import { passingAboveZero } from './relu.ts'

/**
 * Normalised with the moments of each group of channels of each image, and a ReLU if wanted; `groups` divide the
 * channels.
 */
export function groupNormalised(
  x: tf.Tensor4D,
  scale: tf.Tensor,
  offset: tf.Tensor,
  groups: number,
  relu: boolean
): tf.Tensor4D {
  const output: tf.Tensor4D = withGradient([x, scale, offset], (x, scale, offset) => {
    const [value, mean, inverse] = fusedOr(groupNorm, { x, scale, offset }, { groups, epsilon, relu })
    return {
      value,
      saved: [x, scale, mean, inverse],
      gradient: (g, [x, scale, mean, inverse]) =>
        fusedOr(
          groupNormGradient,
          { g, x: x as tf.Tensor4D, scale: scale!, mean: mean!, inverse: inverse! },
          { groups }
        )
    }
  })
  return relu ? passingAboveZero(output) : output
}
