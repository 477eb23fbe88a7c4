import {
  checkOptions,
  detached,
  reduced,
  reductionKind,
  type Reduction,
  type ReductionOptions,
  type StatefulLossOf
} from '@lapstrake/core'
import {
  checkViews,
  distancesOfUnitRows,
  enqueue,
  filledRows,
  normaliseRows,
  rowQueue,
  targetsOf,
  zeroRows,
  type RowQueue
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { attraction } from './attraction.ts'
import type { CACROptions } from './cacr.ts'
import { checkStrengths } from './check-strengths.ts'
import { conditionalMean, constant } from './conditional-mean.ts'
import { offDiagonal } from './diagonal.ts'

export interface CACRQueueOptions<R extends Reduction = 'mean' | 'sum'>
  extends Pick<CACROptions, 'attraction' | 'repulsion' | 'positiveTemperature' | 'negativeTemperature'>,
    ReductionOptions<R> {
  /** Keys in the queue. Any number goes with any batch. */
  readonly size?: number | undefined
  /**
   * Begins with random directions, as the authors do, or with an empty queue, so that only keys that were seen count.
   */
  readonly fill?: 'random' | 'empty' | undefined
  /** Whether a view repels the other examples of its own view as well as the queue. */
  readonly withinBatch?: boolean | undefined
}

/**
 * CACR with a queue: a view is attracted by the momentum encoder's keys of the other views of its example, and repels a
 * queue of keys of earlier batches. Each unit has a queue of its own.
 *
 * Wants a recipe with `target: { momentum }`. Takes two or more views `[batch, dim]` of any length; rows are scaled to
 * length one here. Returns `attraction · Σ w⁺ d² − repulsion · Σ w⁻ d²`, averaged over views and examples, `[batch]`,
 * from `−4 · repulsion` to `4 · attraction`, and 0 when all embeddings are equal; the repulsion is exactly 0 while
 * there is nothing to repel. The keys of the last view join the queue after the loss is taken. No gradient passes
 * through the weights of keys, but through those within the batch, as the authors have it. Their code repels every view
 * with the similarities of the first; here each has its own.
 *
 * @throws RangeError if an option is out of range
 * @throws Error without a target network, for views of different shapes, or a queue of another size or width
 * @see Zheng et al. 2021, https://arxiv.org/abs/2105.03746, as in its ImageNet-22K and WebVision experiments
 */
export function cacrQueue<R extends Reduction = 'mean'>(
  options: CACRQueueOptions<R> = {}
): StatefulLossOf<R, Record<string, never>, RowQueue> {
  checkOptions('cacrQueue', options, {
    attraction: 'number',
    repulsion: 'number',
    positiveTemperature: 'number',
    negativeTemperature: 'number',
    size: 'number',
    fill: { among: ['random', 'empty'] },
    withinBatch: 'boolean',
    reduction: reductionKind
  })
  const { attraction: alpha = 1, repulsion: beta = 1, positiveTemperature = 1, negativeTemperature = 2 } = options
  const { size = 4096, fill = 'random', withinBatch = true, reduction = 'mean' as R } = options
  checkStrengths('cacrQueue', { attraction: alpha, repulsion: beta, positiveTemperature, negativeTemperature })
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`cacrQueue: expected a size of 1 or more keys, got ${size}. Try 4096.`)
  return {
    init(random, { embedding }) {
      if (embedding.length !== 1) {
        throw new Error(
          `cacrQueue: expected embeddings that are rows, got shape [${embedding.join(', ')}]. ` +
            'Pool or flatten in the head.'
        )
      }
      return { params: {}, memory: rowQueue(random, { size, dim: embedding[0]!, fill }) }
    },
    apply(embeddings, batch, { memory: queue }) {
      checkViews('cacrQueue', embeddings)
      const targets = targetsOf('cacrQueue', embeddings, batch?.targets)
      const shape = [size, embeddings[0].shape[1]]
      if (queue.rows.shape.join() !== shape.join()) {
        throw new Error(
          `cacrQueue: expected a queue of shape [${shape.join(', ')}], got [${queue.rows.shape.join(', ')}]. ` +
            'Restore it with the size it was saved with.'
        )
      }
      const queries = embeddings.map(normaliseRows)
      const keys = detached(() => targets.map(normaliseRows))
      const attractions = queries.map((query, v) =>
        attraction(
          query,
          keys.filter((_, u) => u !== v),
          positiveTemperature,
          true
        )
      )
      const repulsions = queries.map(query => repulsion(query, queue, negativeTemperature, withinBatch))
      return {
        loss: reduced(
          tf.sub(tf.mul(tf.mean(tf.stack(attractions), 0), alpha), tf.mul(tf.mean(tf.stack(repulsions), 0), beta)),
          reduction
        ),
        memory: detached(() => enqueue(queue, keys.at(-1)!))
      }
    }
  }
}

/**
 * `Σ_j w⁻ d²` of each row over the queue and the other rows of its view, with one softmax `w⁻` over both; `[batch]`.
 */
function repulsion(query: tf.Tensor2D, queue: RowQueue, temperature: number, withinBatch: boolean): tf.Tensor1D {
  const toQueue = queue.filled > 0 ? [distancesOfUnitRows(query, filledRows(queue))] : []
  const toBatch = withinBatch && query.shape[0] > 1 ? [offDiagonal(distancesOfUnitRows(query, query))] : []
  if (toQueue.length + toBatch.length === 0) return zeroRows(query)
  const distances = tf.concat2d([...toQueue, ...toBatch], 1) // [batch, filled + batch − 1]
  const seen = tf.concat2d([...toQueue.map(constant), ...toBatch], 1)
  return conditionalMean(distances, -temperature, seen)
}
