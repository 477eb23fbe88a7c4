import { fusedOr, withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { passedBack } from './normalise.ts'

/**
 * The mean over height and width, `[batch, height, width, channels]` to `[batch, channels]`. Rows of numbers stay as
 * they are.
 */
export function globalAveragePool(maps: tf.Tensor): tf.Tensor2D {
  if (maps.rank === 2) return maps as tf.Tensor2D
  const [batch, height, width, channels] = maps.shape as [number, number, number, number]
  return withGradient([maps], maps => ({
    value: tf.reshape(tf.avgPool(maps as tf.Tensor4D, [height, width], 1, 'valid'), [batch, channels]) as tf.Tensor2D,
    saved: [],
    gradient: dy => [
      tf.mul(tf.reshape(dy, [batch, 1, 1, channels]), tf.fill([1, height, width, 1], 1 / (height * width)))
    ]
  }))
}

/** ReLU of a sum, which keeps nothing but its result. */
export const reluOfSum = (a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D =>
  withGradient([a, b], (a, b) => {
    const output = fusedOr('ReluOfSum', { a, b }, () => tf.tidy(() => tf.relu(tf.add(a, b)) as tf.Tensor4D))
    return {
      value: output,
      saved: [output],
      gradient(dy, [output]) {
        const g = passedBack(dy, output!)
        return [g, g]
      }
    }
  })
