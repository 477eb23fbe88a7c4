import type { Shape } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'

/** Numbers in the order that they have when their four axes change places. */
export function permuted(values: tf.TypedArray, shape: Shape, order: readonly number[]): tf.TypedArray {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1))
  const [a, b, c, d] = order.map(axis => ({ length: shape[axis]!, stride: strides[axis]! })) as [Axis, Axis, Axis, Axis]
  const result = values.slice()
  let at = 0
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      for (let k = 0; k < c.length; k++) {
        for (let l = 0; l < d.length; l++)
          result[at++] = values[i * a.stride + j * b.stride + k * c.stride + l * d.stride]!
      }
    }
  }
  return result
}

interface Axis {
  readonly length: number
  readonly stride: number
}
