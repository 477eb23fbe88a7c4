import * as tf from '@tensorflow/tfjs-core'
import { conditionalMean, constant } from './conditional-mean.ts'

/**
 * `Σ_u w⁺ d²(q_i, p_i^u)` of each row, `[batch]`, with `w⁺ = softmax_u(temperature · d²)`: of all positives, the most
 * distant attracts most.
 */
export function attraction(
  query: tf.Tensor2D,
  positives: readonly tf.Tensor2D[],
  temperature: number,
  detachWeights: boolean
): tf.Tensor1D {
  const distances = toEach(query, positives)
  return conditionalMean(distances, temperature, detachWeights ? constant(distances) : distances)
}

/** Squared distances of each row to its own in each of the others, `[batch, others]`. */
export const toEach = (rows: tf.Tensor2D, others: readonly tf.Tensor2D[]): tf.Tensor2D =>
  tf.stack(
    others.map(other => tf.sum(tf.squaredDifference(rows, other), 1)),
    1
  ) as tf.Tensor2D
