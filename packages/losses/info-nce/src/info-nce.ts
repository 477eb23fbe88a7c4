import {
  checkEmbeddings,
  checkOptions,
  checkTensors,
  pairOf,
  reduced,
  reducedWithGradient,
  reductionKind,
  type ViewLossOf,
  type OptionKinds,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import {
  checkTemperature,
  checkViews,
  normaliseRows,
  softmaxRows,
  transposedTimes,
  zeroRows
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface InfoNCEOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the cosine similarities. */
  readonly temperature?: number | undefined
  /** Scales rows to length one. Rows that come in scaled may save it. */
  readonly normalise?: boolean | undefined
}

const kinds: OptionKinds<InfoNCEOptions> = {
  temperature: 'number',
  normalise: 'boolean',
  reduction: reductionKind
}

/**
 * InfoNCE in one direction: row `i` of the first view should find row `i` of the second among all its rows.
 *
 * Takes two views `[batch, dim]` of any length; rows are scaled to length one here. Returns nats, averaged over the
 * queries, `[batch]`: near 0 at best, `log(batch)` when all embeddings are equal. The gradient is in closed form and
 * keeps one `[batch, batch]` matrix.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error unless there are two views of one shape
 * @see van den Oord et al. 2018, eq. 4, https://arxiv.org/abs/1807.03748
 */
export function infoNCE<R extends Reduction = 'mean'>(options: InfoNCEOptions<R> = {}): ViewLossOf<R> {
  checkOptions('infoNCE', options, kinds)
  const { temperature = 0.1, normalise = true, reduction = 'mean' as R } = options
  checkTemperature('infoNCE', temperature)
  return embeddings => {
    checkViews('infoNCE', embeddings)
    const [first, second] = pairOf('infoNCE', embeddings)
    if (first.shape[0] === 1) return reduced(zeroRows(tf.add(first, second)), reduction)
    const [queries, keys] = normalise ? [normaliseRows(first), normaliseRows(second)] : [first, second]
    return inBatch(queries, keys, temperature, reduction)
  }
}

/**
 * InfoNCE with negatives in hand: row `i` of `query` should find row `i` of `positive` among it and the negatives.
 *
 * @param query `[batch, dim]`
 * @param positive `[batch, dim]`
 * @param negatives `[count, dim]`, the same for all queries, or `[batch, count, dim]`, those of each query
 * @returns nats, averaged over the queries, `[batch]`; `log(count + 1)` when all embeddings are equal, exactly 0
 * without negatives
 * @throws RangeError if `temperature` is not above 0
 * @throws Error if the shapes do not fit
 * @see van den Oord et al. 2018, eq. 4, https://arxiv.org/abs/1807.03748
 */
export function infoNCEAgainst<R extends Reduction = 'mean'>(
  query: tf.Tensor2D,
  positive: tf.Tensor2D,
  negatives: tf.Tensor2D | tf.Tensor3D,
  options: InfoNCEOptions<R> = {}
): Reduced<R> {
  checkOptions('infoNCEAgainst', options, kinds)
  const { temperature = 0.1, normalise = true, reduction = 'mean' as R } = options
  checkTemperature('infoNCEAgainst', temperature)
  checkTensors('infoNCEAgainst', [query, positive, negatives])
  const [batch, dim] = query.shape
  const fits =
    query.rank === 2 &&
    positive.rank === 2 &&
    positive.shape[0] === batch &&
    positive.shape[1] === dim &&
    negatives.shape.at(-1) === dim &&
    (negatives.rank === 2 || (negatives.rank === 3 && negatives.shape[0] === batch))
  if (!fits) {
    throw new Error(
      'infoNCEAgainst: expected query and positive [batch, dim] and negatives [count, dim] or [batch, count, dim], ' +
        'got ' +
        `[${query.shape.join(', ')}], [${positive.shape.join(', ')}] and [${negatives.shape.join(', ')}].`
    )
  }
  checkEmbeddings('infoNCEAgainst', [query, positive])
  if (negatives.shape.at(-2) === 0) return reduced(zeroRows(tf.add(query, positive)), reduction)
  checkEmbeddings('infoNCEAgainst', [negatives])
  const [queries, positives, others] = (
    normalise ? [query, positive, negatives].map(rows => normaliseRows<tf.Tensor>(rows)) : [query, positive, negatives]
  ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor]
  return against(queries, positives, others, temperature, reduction)
}

/** Unit rows of one view among unit rows of the other. */
function inBatch<R extends Reduction>(
  queries: tf.Tensor2D,
  keys: tf.Tensor2D,
  temperature: number,
  reduction: R
): Reduced<R> {
  return reducedWithGradient([queries, keys], reduction, (q, k) => {
    const { probability, logTotal } = softmaxRows(tf.matMul(tf.div(q, temperature), tf.transpose(k))) // [n, n]
    const positive = tf.div(tf.sum(tf.mul(q, k), 1, true), temperature) // [n, 1]
    return {
      value: tf.squeeze(tf.sub(logTotal, positive), [1]),
      saved: [q, k, probability],
      gradient(dy, saved) {
        const [q, k, probability] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
        const scale = tf.div(dy, temperature)
        const asking = tf.mul(q, scale) as tf.Tensor2D
        return [
          tf.mul(tf.sub(tf.matMul(probability, k), k), scale),
          tf.sub(transposedTimes(probability, asking), asking)
        ]
      }
    }
  })
}

/** Unit rows against one positive and some negatives each. */
function against<R extends Reduction>(
  queries: tf.Tensor2D,
  positives: tf.Tensor2D,
  others: tf.Tensor,
  temperature: number,
  reduction: R
): Reduced<R> {
  const [n, dim] = queries.shape
  const count = others.shape.at(-2)!
  const shared = others.rank === 2
  return reducedWithGradient([queries, positives, others], reduction, (q, p, others) => {
    const positive = tf.sum(tf.mul(q, p), 1, true) // [n, 1]
    const negative = shared
      ? tf.matMul(q, tf.transpose(others as tf.Tensor2D))
      : tf.reshape(tf.matMul(others, tf.reshape(q, [n, dim, 1])), [n, count]) // [n, count]
    // [n, 1 + count]
    const { probability, logTotal } = softmaxRows(tf.div(tf.concat([positive, negative], 1), temperature))
    return {
      value: tf.squeeze(tf.sub(logTotal, tf.div(positive, temperature)), [1]),
      saved: [q, p, others, probability],
      gradient(dy, saved) {
        const [q, p, others, probability] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor, tf.Tensor2D]
        const scale = tf.div(dy, temperature)
        const miss = tf.mul(tf.sub(tf.slice(probability, [0, 0], [n, 1]), 1), scale) // [n, 1]
        const blame = tf.mul(tf.slice(probability, [0, 1], [n, count]), scale) as tf.Tensor2D // [n, count]
        const repelled = shared
          ? tf.matMul(blame, others as tf.Tensor2D)
          : tf.reshape(tf.matMul(tf.reshape(blame, [n, 1, count]), others), [n, dim])
        return [
          tf.add(tf.mul(miss, p), repelled),
          tf.mul(miss, q),
          shared ? transposedTimes(blame, q) : tf.mul(tf.reshape(blame, [n, count, 1]), tf.reshape(q, [n, 1, dim]))
        ]
      }
    }
  })
}
