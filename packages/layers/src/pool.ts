import { checkTensors, withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * The mean over height and width, `[batch, height, width, channels]` to `[batch, channels]`. Rows of numbers stay as
 * they are.
 *
 * @throws TypeError for what is no tensor
 * @throws Error for a tensor of another rank
 */
export function globalAveragePool(maps: tf.Tensor): tf.Tensor2D {
  checkTensors('globalAveragePool', [maps])
  if (maps.rank === 2) return maps as tf.Tensor2D
  if (maps.rank !== 4) {
    throw new Error(
      `globalAveragePool: expected maps [batch, height, width, channels] or rows [batch, channels], ` +
        `got [${maps.shape.join(', ')}].`
    )
  }
  const [batch, height, width, channels] = maps.shape as [number, number, number, number]
  return withGradient([maps], maps => ({
    value: tf.reshape(tf.avgPool(maps as tf.Tensor4D, [height, width], 1, 'valid'), [batch, channels]) as tf.Tensor2D,
    saved: [],
    gradient: dy => [
      tf.mul(tf.reshape(dy, [batch, 1, 1, channels]), tf.fill([1, height, width, 1], 1 / (height * width)))
    ]
  }))
}
