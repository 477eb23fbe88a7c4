import {
  checkClasses,
  checkOptions,
  detached,
  pairOf,
  reduced,
  reductionKind,
  type Batch,
  type Reduction,
  type ReductionOptions,
  type StatefulLossOf
} from '@lapstrake/core'
import {
  checkTemperature,
  enqueue,
  filledRows,
  logSumExpRows,
  normaliseRows,
  rowQueue,
  targetsOf,
  zeroRows,
  type RowQueue
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { ofClass } from './alike.ts'

export interface SupConQueueOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Keys in the queue. Any number goes with any batch. */
  readonly size?: number | undefined
  /** Divides the cosine similarities. */
  readonly temperature?: number | undefined
  /** Begins with an empty queue, so that only keys that were seen count, or with random directions of no class. */
  readonly fill?: 'empty' | 'random' | undefined
}

/** Keys of earlier batches, and the class of each; both queues move together. */
export interface KeysAndClasses {
  readonly keys: RowQueue
  /** int32, `[size, 1]`; -1 where a class is unknown. */
  readonly classes: RowQueue
  readonly [name: string]: RowQueue
}

/**
 * Supervised contrast against a memory: row `i` of the first view should find all keys of its class among the keys of
 * its batch, which are the momentum encoder's embeddings of the second view, and those of earlier batches. Each unit
 * has a queue of its own. For what batches are too small for: many classes.
 *
 * Wants a recipe with `target: { momentum }`. Takes two views `[batch, dim]` of any length and `labels` from the batch;
 * an example of unknown class, below 0, is like its own key alone, and without labels every example is. The keys of
 * this batch join the queue after the loss is taken, and no gradient reaches them. Returns nats, averaged over the
 * batch, `[batch]`: `log(batch + size)` when all are equal. `symmetric(supConQueue())` asks in both directions.
 *
 * The paper says that it took the contrast to a memory of 8192 keys, and not how. Here it is its eq. 2 with queries as
 * anchors, and keys as what they are contrasted with.
 *
 * @throws RangeError if `temperature` is not above 0 or `size` is not a whole number above 0
 * @throws Error without a target network, unless there are two views of one shape, for labels of the wrong form, for a
 * similarity of examples, or for a queue of another width
 * @see Khosla et al. 2020, eq. 2 and section 4, https://arxiv.org/abs/2004.11362
 */
export function supConQueue<R extends Reduction = 'mean'>(
  options: SupConQueueOptions<R> = {}
): StatefulLossOf<R, Record<string, never>, KeysAndClasses> {
  checkOptions('supConQueue', options, {
    size: 'number',
    temperature: 'number',
    fill: { among: ['empty', 'random'] },
    reduction: reductionKind
  })
  const { size = 8192, temperature = 0.07, fill = 'empty', reduction = 'mean' as R } = options
  checkTemperature('supConQueue', temperature)
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`supConQueue: expected a size of 1 or more keys, got ${size}. Try 8192.`)
  return {
    init(random, { embedding }) {
      if (embedding.length !== 1)
        throw new Error(
          `supConQueue: expected embeddings that are rows, got shape [${embedding.join(', ')}]. ` +
            'Pool or flatten in the head.'
        )
      const keys = rowQueue(random, { size, dim: embedding[0]!, fill })
      return { params: {}, memory: { keys, classes: { ...keys, rows: tf.fill([size, 1], -1, 'int32') } } }
    },
    apply(embeddings, batch, { memory }) {
      const [first] = pairOf('supConQueue', embeddings)
      const [, target] = pairOf('supConQueue', targetsOf('supConQueue', embeddings, batch?.targets))
      if (memory.keys.rows.shape[0] !== size) {
        throw new Error(
          `supConQueue: expected a queue of ${size} keys, got one of ${memory.keys.rows.shape[0]}. ` +
            'Restore it with the size it was saved with.'
        )
      }
      const classes = classesOf(batch, first.shape[0])
      const [queries, keys] = [normaliseRows(first), detached(() => normaliseRows(target))]
      return {
        loss: reduced(among(queries, keys, classes, memory, temperature), reduction),
        memory: detached(() => ({ keys: enqueue(memory.keys, keys), classes: enqueue(memory.classes, classes) }))
      }
    }
  }
}

/** Eq. 2, `log Σ exp(q · k / t) − mean over positives of q · k / t`, for each query, `[batch]`. */
function among(
  queries: tf.Tensor2D,
  keys: tf.Tensor2D,
  classes: tf.Tensor2D,
  memory: KeysAndClasses,
  temperature: number
): tf.Tensor1D {
  const [batch] = queries.shape
  const { all, positive } = detached(() => {
    const own = tf.maximum(ofClass(classes, classes), tf.eye(batch)) // [batch, batch]
    const weights = tf.concat2d([own as tf.Tensor2D, ofClass(classes, filledRows(memory.classes))], 1)
    const all = tf.concat2d([keys, filledRows(memory.keys)], 0) // [batch + filled, dim]
    // The mean of a query's positives: its similarity to that is the mean of its similarities to them.
    return { all, positive: tf.div(tf.matMul(weights, all), tf.sum(weights, 1, true)) } // [batch, dim]
  })
  if (all.shape[0] === 1) return zeroRows(queries)
  const asking = tf.div(queries, temperature) as tf.Tensor2D
  const total = logSumExpRows(tf.matMul(asking, all, false, true)) // [batch, 1]
  return tf.squeeze(tf.sub(total, tf.sum(tf.mul(asking, positive), 1, true)), [1])
}

/** The class of each example, int32, `[batch, 1]`. */
function classesOf(batch: Batch, rows: number): tf.Tensor2D {
  const { labels, similarity } = batch ?? {}
  if (similarity !== undefined)
    throw new Error(
      'supConQueue: expected labels, got a similarity, of which keys of earlier batches have none. ' +
        'Leave it out, or use supCon().'
    )
  if (labels === undefined) return tf.fill([rows, 1], -1, 'int32')
  checkClasses('supConQueue', labels, rows)
  return tf.reshape(labels, [rows, 1])
}
