import {
  checkOptions,
  detached,
  pairOf,
  reduced,
  reductionKind,
  type Reduction,
  type ReductionOptions,
  type StatefulLossOf
} from '@lapstrake/core'
import {
  checkTemperature,
  enqueue,
  filledRows,
  normaliseRows,
  rowQueue,
  targetsOf,
  zeroRows,
  type RowQueue
} from '@lapstrake/embeddings'
import { infoNCEAgainst } from './info-nce.ts'

export interface MocoOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Keys in the queue. Any number goes with any batch. */
  readonly size?: number | undefined
  /** Divides the cosine similarities: 0.07 in the first paper, 0.2 in the second. */
  readonly temperature?: number | undefined
  /**
   * Begins with random directions, as the authors do, or with an empty queue, so that only keys that were seen count.
   */
  readonly fill?: 'random' | 'empty' | undefined
}

/**
 * Momentum contrast: row `i` of the first view should find its key, the momentum encoder's embedding of the second
 * view, among a queue of the keys of earlier batches. Each unit has a queue of its own.
 *
 * Wants a recipe with `target: { momentum }`; the target follows before it encodes the keys. Takes two views
 * `[batch, dim]` of any length. The keys of this batch join the queue after the loss is taken, and no gradient reaches
 * them. Returns nats, averaged over the batch, `[batch]`: `log(size + 1)` when queries, keys and queue are all equal, 0
 * while an empty queue has nothing to compare. `symmetric(moco())` asks in both directions and queues the keys of both
 * views.
 *
 * @throws RangeError if `temperature` is not above 0 or `size` is not a whole number above 0
 * @throws Error without a target network, unless there are two views of one shape, or for a queue of another width
 * @see He et al. 2020, eq. 1 and algorithm 1, https://arxiv.org/abs/1911.05722
 */
export function moco<R extends Reduction = 'mean'>(
  options: MocoOptions<R> = {}
): StatefulLossOf<R, Record<string, never>, RowQueue> {
  checkOptions('moco', options, {
    size: 'number',
    temperature: 'number',
    fill: { among: ['random', 'empty'] },
    reduction: reductionKind
  })
  const { size = 4096, temperature = 0.07, fill = 'random', reduction = 'mean' as R } = options
  checkTemperature('moco', temperature)
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`moco: expected a size of 1 or more keys, got ${size}. Try 4096.`)
  return {
    init(random, { embedding }) {
      if (embedding.length !== 1)
        throw new Error(
          `moco: expected embeddings that are rows, got shape [${embedding.join(', ')}]. Pool or flatten in the head.`
        )
      return { params: {}, memory: rowQueue(random, { size, dim: embedding[0]!, fill }) }
    },
    apply(embeddings, batch, { memory: queue }) {
      const [first] = pairOf('moco', embeddings)
      const [, target] = pairOf('moco', targetsOf('moco', embeddings, batch?.targets))
      if (queue.rows.shape[0] !== size) {
        throw new Error(
          `moco: expected a queue of ${size} keys, got one of ${queue.rows.shape[0]}. ` +
            'Restore it with the size it was saved with.'
        )
      }
      const queries = normaliseRows(first)
      const keys = detached(() => normaliseRows(target))
      return {
        loss:
          queue.filled === 0
            ? reduced(zeroRows(queries), reduction)
            : infoNCEAgainst(queries, keys, filledRows(queue), { temperature, normalise: false, reduction }),
        memory: detached(() => enqueue(queue, keys))
      }
    }
  }
}
