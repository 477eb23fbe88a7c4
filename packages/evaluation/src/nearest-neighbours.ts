import { own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatchSize, checkFeatures, type Features } from './features.ts'

export interface NearestNeighboursOptions {
  /** Neighbours that vote; 200 in the paper. Fewer when there are fewer training examples. */
  readonly k?: number | undefined
  /** Divides the similarities before they become weights of votes. */
  readonly temperature?: number | undefined
  /** Test examples compared at once. */
  readonly batchSize?: number | undefined
}

/**
 * Accuracy on the test examples of the nearest training examples as a classifier, from 0 to 1: the `k` most similar by
 * cosine vote with weight exp(similarity / temperature) (Wu et al. 2018, section 3.4,
 * https://arxiv.org/abs/1805.01978).
 *
 * @throws RangeError if `k` or the batch size is below 1 or the temperature not above 0
 * @throws Error for features of different length, fewer than two classes, or test labels unseen in training
 */
export async function nearestNeighbours(
  train: Features,
  test: Features,
  { k = 200, temperature = 0.07, batchSize = 250 }: NearestNeighboursOptions = {}
): Promise<number> {
  const classes = checkFeatures('nearestNeighbours', train, test)
  if (!Number.isInteger(k) || k < 1)
    throw new RangeError(`nearestNeighbours: expected k of 1 or more, got ${k}. Try 20.`)
  if (!(temperature > 0))
    throw new RangeError(`nearestNeighbours: expected a temperature above 0, got ${temperature}. Try 0.07.`)
  checkBatchSize('nearestNeighbours', batchSize)
  const voters = Math.min(k, train.labels.length)
  const known = own(() => tf.transpose(unitRows(train.values, train.dim)))
  let right = 0
  for (let start = 0; start < test.labels.length; start += batchSize) {
    const end = Math.min(start + batchSize, test.labels.length)
    const nearest = own(() =>
      tf.topk(
        tf.matMul(unitRows(test.values.subarray(start * test.dim, end * test.dim), test.dim), known as tf.Tensor2D),
        voters,
        true
      )
    )
    const [similarities, places] = await Promise.all([nearest.values.data(), nearest.indices.data()])
    tf.dispose([nearest.values, nearest.indices])
    for (let i = start; i < end; i++) {
      const votes = new Float64Array(classes)
      for (let j = (i - start) * voters; j < (i - start + 1) * voters; j++) {
        votes[train.labels[places[j]!]!]! += Math.exp(similarities[j]! / temperature)
      }
      if (votes.indexOf(Math.max(...votes)) === test.labels[i]) right++
    }
  }
  known.dispose()
  return right / test.labels.length
}

function unitRows(values: Float32Array, dim: number): tf.Tensor2D {
  const rows = tf.tensor2d(values, [values.length / dim, dim])
  const length = tf.sqrt(tf.sum(tf.square(rows), 1, true))
  return tf.div(rows, tf.maximum(length, 1e-12)) as tf.Tensor2D
}
