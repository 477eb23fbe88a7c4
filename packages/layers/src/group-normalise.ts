import { fusedOr, withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { backward, epsilon, forward, moments, passingAboveZero, type Share } from './normalise.ts'

/**
 * Normalised with the moments of each group of channels of each image, then as {@link forward} says; `groups` divide
 * the channels.
 */
export function groupNormalised(
  x: tf.Tensor4D,
  scale: tf.Tensor,
  offset: tf.Tensor,
  groups: number,
  relu: boolean
): tf.Tensor4D {
  const share = overGroups(x.shape, groups)
  const output: tf.Tensor4D = withGradient([x, scale, offset], (x, scale, offset) => {
    const [value, mean, inverse] = fusedOr(
      'GroupNorm',
      { x, scale, offset },
      () => {
        const { value, mean, inverse } = forward(x, scale, offset, moments(x, share), relu)
        return [value, mean, inverse]
      },
      { groups, epsilon, relu }
    ) as [tf.Tensor4D, tf.Tensor, tf.Tensor]
    return {
      value,
      saved: [x, scale, mean, inverse],
      gradient: (g, [x, scale, mean, inverse]) =>
        fusedOr(
          'GroupNormGradient',
          { g, x: x!, scale: scale!, mean: mean!, inverse: inverse! },
          () => backward(g, x!, scale!, mean!, inverse!, share),
          { groups }
        )
    }
  })
  return relu ? passingAboveZero(output) : output
}

const overGroups =
  ([batch, , , channels]: readonly [number, number, number, number], groups: number): Share =>
  means => {
    const grouped = tf.mean(tf.reshape(means, [batch, groups, channels / groups]), 2, true)
    return tf.reshape(tf.tile(grouped, [1, 1, channels / groups]), [batch, 1, 1, channels])
  }
