import { withGradient } from '@lapstrake/core'
import { transposedTimes } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'

/** Numbers that differences of all pairs may be, 8 MB of them. */
const mostDifferences = 2 ** 21

/**
 * Squared Euclidean distances between the rows of `a [n, dim]` and `b [m, dim]`, `[n, m]`.
 *
 * Up to `n · m · dim = 2²¹` they are sums of squared differences, right to the last digits wherever the rows lie.
 * Beyond, they are `‖a‖² + ‖b‖² − 2ab` of rows seen from their common mean, without the differences of all pairs in
 * memory: rounding is then 1e-6 of the largest squared distance from that mean. Never below zero. Gradients are finite
 * for equal rows, for no root is taken, and keep nothing but the rows.
 */
export const squaredDistances = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  withGradient([a, b], (a, b) => {
    const pairwise = a.shape[0] * b.shape[0] * a.shape[1] <= mostDifferences
    return {
      value: pairwise
        ? (tf.sum(tf.square(differences(a, b)), 2) as tf.Tensor2D)
        : distancesOfUnitRows(...fromTheirMean(a, b)),
      saved: [a, b],
      gradient(dy, saved) {
        const [a, b] = saved as [tf.Tensor2D, tf.Tensor2D]
        return pairwise ? slopesOfDifferences(dy, a, b) : slopesOfProducts(dy, a, b)
      }
    }
  })

/**
 * {@link squaredDistances} of rows of length one, by `‖a‖² + ‖b‖² − 2ab` whatever their number: rounding is 1e-7, of
 * distances up to 4. Longer rows lose what they have in common.
 */
export function distancesOfUnitRows(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const lengths = tf.add(tf.sum(tf.square(a), 1, true), tf.reshape(tf.sum(tf.square(b), 1), [1, -1]))
  return tf.relu(tf.sub(lengths, tf.mul(tf.matMul(a, tf.transpose(b)), 2)))
}

/** `aᵢ − bⱼ`, `[n, m, dim]` */
const differences = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor3D => tf.sub(tf.expandDims(a, 1), tf.expandDims(b, 0))

function slopesOfDifferences(dy: tf.Tensor2D, a: tf.Tensor2D, b: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const weighed = tf.mul(tf.expandDims(tf.mul(dy, 2), 2), differences(a, b))
  return [tf.sum(weighed, 1), tf.neg(tf.sum(weighed, 0))]
}

function slopesOfProducts(dy: tf.Tensor2D, a: tf.Tensor2D, b: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const [x, y] = fromTheirMean(a, b)
  const [ofRows, ofColumns] = [tf.sum(dy, 1, true), tf.reshape(tf.sum(dy, 0), [-1, 1])]
  return [
    tf.mul(tf.sub(tf.mul(ofRows, x), tf.matMul(dy, y)), 2),
    tf.mul(tf.sub(tf.mul(ofColumns, y), transposedTimes(dy, x)), 2)
  ]
}

/** The rows of both, seen from the mean of all. */
function fromTheirMean(a: tf.Tensor2D, b: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const centre = tf.mean(tf.concat2d([a, b], 0), 0)
  return [tf.sub(a, centre), tf.sub(b, centre)]
}
