import { checkOptions } from '@lapstrake/core'
import { checkBatchSize, checkFeatures, type Features } from './features.ts'
import { search } from './nearest-rows.ts'

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
  const { places, similarities } = await search(train, test, { k: voters, batchSize })
  let right = 0
  test.labels.forEach((label, i) => {
    const votes = new Float64Array(classes)
    for (let j = i * voters; j < (i + 1) * voters; j++) {
      // Beside the most similar, which comes first: no weight is above 1, however low the temperature.
      votes[train.labels[places[j]!]!]! += Math.exp((similarities[j]! - similarities[i * voters]!) / temperature)
    }
    if (votes.indexOf(Math.max(...votes)) === label) right++
  })
  return right / test.labels.length
}
