import { checkOptions, own } from '@lapstrake/core'
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
 * @throws RangeError if `k` or the batch size is below 1 or the temperature not above 0, or features are not finite
 * @throws Error for features of different length, fewer than two classes, or test labels unseen in training
 */
export async function nearestNeighbours(
  train: Features,
  test: Features,
  options: NearestNeighboursOptions = {}
): Promise<number> {
  checkOptions<NearestNeighboursOptions>('nearestNeighbours', options, {
    k: 'number',
    temperature: 'number',
    batchSize: 'number'
  })
  const { k = 200, temperature = 0.07, batchSize = 250 } = options
  if (!Number.isInteger(k) || k < 1)
    throw new RangeError(`nearestNeighbours: expected k of 1 or more, got ${k}. Try 20.`)
  if (!(temperature > 0))
    throw new RangeError(`nearestNeighbours: expected a temperature above 0, got ${temperature}. Try 0.07.`)
  checkBatchSize('nearestNeighbours', batchSize)
  const classes = checkFeatures('nearestNeighbours', train, test)
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
      const first = (i - start) * voters
      for (let j = first; j < first + voters; j++) {
        // Beside the most similar, which comes first: no weight is above 1, however low the temperature.
        votes[train.labels[places[j]!]!]! += Math.exp((similarities[j]! - similarities[first]!) / temperature)
      }
      if (votes.indexOf(Math.max(...votes)) === test.labels[i]) right++
    }
  }
  known.dispose()
  return right / test.labels.length
}

function unitRows(values: Float32Array, dim: number): tf.Tensor2D {
  const rows = tf.tensor2d(withinReach(values, dim), [values.length / dim, dim])
  const length = tf.sqrt(tf.sum(tf.square(rows), 1, true))
  return tf.div(rows, tf.maximum(length, 1e-12)) as tf.Tensor2D
}

/** The same directions: rows whose squares float32 cannot hold, times a power of two. */
function withinReach(values: Float32Array, dim: number): Float32Array {
  let scaled: Float32Array | undefined
  for (let start = 0; start < values.length; start += dim) {
    let largest = 0
    for (let i = start; i < start + dim; i++) largest = Math.max(largest, Math.abs(values[i]!))
    if (largest === 0 || (largest > 2 ** -40 && largest < 2 ** 56)) continue
    const factor = 2 ** -Math.floor(Math.log2(largest))
    scaled ??= Float32Array.from(values)
    for (let i = start; i < start + dim; i++) scaled[i]! *= factor
  }
  return scaled ?? values
}
