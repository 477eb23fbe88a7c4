import {
  checkOptions,
  detached,
  reduced,
  reductionKind,
  type ViewLossOf,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkViews, normaliseRows, zeroRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { hingeLoss, logisticLoss, zeroOneLoss } from './contrastive-losses.ts'

export interface ContrastiveOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** How many of the examples that follow an anchor in the batch are its negatives. */
  readonly negatives?: number | undefined
  /**
   * Who asks: `all` examples, or of each tuple of `1 + negatives` only its first, so that no two anchors share an
   * example (`tuples`). A certificate for independent tuples counts the latter; both teach.
   */
  readonly anchors?: 'all' | 'tuples' | undefined
  /** Scales rows to length one. The theory takes them as they come. */
  readonly normalise?: boolean | undefined
}

/**
 * Contrastive logistic loss: an example's first view should be closer to its other views than to those of the examples
 * that follow.
 *
 * Takes two views or more `[batch, dim]`; all but the first make a block, whose mean is what is compared. Returns bits,
 * averaged over the anchors, `[batch]` or `[tuples]`: near 0 at best, `log₂(1 + negatives)` when all embeddings are
 * equal, exactly 0 for a batch of one.
 *
 * @throws RangeError if `negatives` is not a whole number above 0
 * @throws Error unless there are two views of one shape, and more examples than negatives (for `tuples`, whole tuples)
 * @see Nozawa et al. 2020, section 2.1, https://arxiv.org/abs/1910.04464
 */
export const contrastiveLogistic = <R extends Reduction = 'mean'>(options: ContrastiveOptions<R> = {}): ViewLossOf<R> =>
  contrastive('contrastiveLogistic', logisticLoss, options)

/**
 * Contrastive hinge loss: {@link contrastiveLogistic} with `max(0, 1 − least margin)`. Returns 0 or more, 1 when all
 * embeddings are equal.
 */
export const contrastiveHinge = <R extends Reduction = 'mean'>(options: ContrastiveOptions<R> = {}): ViewLossOf<R> =>
  contrastive('contrastiveHinge', hingeLoss, options)

/**
 * Contrastive zero-one risk: {@link contrastiveLogistic} with the part of the negatives at least as close as the
 * positives, 0 to 1; ties are errors, and so are embeddings that are no numbers. What a certificate bounds. It has no
 * gradient: measure with it, do not train with it.
 */
export function contrastiveZeroOne<R extends Reduction = 'mean'>(options: ContrastiveOptions<R> = {}): ViewLossOf<R> {
  const risk = contrastive('contrastiveZeroOne', zeroOneLoss, options)
  return (embeddings, batch) => detached(() => risk(embeddings, batch))
}

type OfMargins = (margins: tf.Tensor2D, options: ReductionOptions<'none'>) => tf.Tensor1D

function contrastive<R extends Reduction>(
  who: string,
  lossOf: OfMargins,
  options: ContrastiveOptions<R>
): ViewLossOf<R> {
  checkOptions(who, options, {
    negatives: 'number',
    anchors: { among: ['all', 'tuples'] },
    normalise: 'boolean',
    reduction: reductionKind
  })
  const { negatives = 1, anchors = 'all', normalise = false, reduction = 'mean' as R } = options
  if (!Number.isInteger(negatives) || negatives < 1)
    throw new RangeError(`${who}: expected 1 or more negatives, got ${negatives}. Try 1.`)
  return embeddings => {
    checkViews(who, embeddings)
    const [features, ...block] = normalise
      ? (embeddings.map(normaliseRows) as [tf.Tensor2D, ...tf.Tensor2D[]])
      : embeddings
    const batch = features.shape[0]
    if (batch === 1) return reduced(tf.addN(embeddings.map(zeroRows)), reduction)
    checkBatch(who, batch, negatives, anchors)
    const others = tf.div(tf.addN(block), block.length) as tf.Tensor2D // the mean of each block
    const margins = Array.from({ length: negatives }, (_, k) =>
      tf.sum(tf.mul(features, tf.sub(others, rolled(others, k + 1))), 1, true)
    )
    const all = tf.concat2d(margins as tf.Tensor2D[], 1) // [batch, negatives]
    const each = lossOf(anchors === 'all' ? all : firsts(all, negatives + 1), { reduction: 'none' })
    return reduced(each, reduction)
  }
}

/** The first row of every tuple. */
function firsts(rows: tf.Tensor2D, tuple: number): tf.Tensor2D {
  const [batch, columns] = rows.shape
  const byTuple = tf.reshape(rows, [batch / tuple, tuple, columns])
  return tf.reshape(tf.slice(byTuple, [0, 0, 0], [batch / tuple, 1, columns]), [batch / tuple, columns])
}

/** Rows moved up by `count`, the first ones to the end. */
const rolled = (rows: tf.Tensor2D, count: number): tf.Tensor2D =>
  tf.concat2d([tf.slice(rows, count), tf.slice(rows, 0, count)], 0)

function checkBatch(who: string, batch: number, negatives: number, anchors: 'all' | 'tuples'): void {
  if (batch <= negatives) {
    throw new Error(
      `${who}: expected more than ${negatives} examples, for each has ${negatives} negatives, got ${batch}. ` +
        'Use a larger batch or fewer negatives.'
    )
  }
  if (anchors === 'tuples' && batch % (negatives + 1) !== 0) {
    throw new Error(
      `${who}: expected whole tuples of ${negatives + 1} examples, got a batch of ${batch}. ` +
        `Use a multiple of ${negatives + 1}.`
    )
  }
}
