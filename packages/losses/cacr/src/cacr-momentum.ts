import {
  checkOptions,
  checkTensors,
  detached,
  reduced,
  reductionKind,
  type LossOf,
  type OptionKinds,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkTemperature, checkViews, logSumExpRows, normaliseRows, targetsOf } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { toEach } from './attraction.ts'
import { conditionalMean, constant } from './conditional-mean.ts'
import { diagonal, offDiagonal } from './diagonal.ts'

export interface CACRMomentumOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the cosine similarities, and the distances in the weights. */
  readonly temperature?: number | undefined
  /**
   * What a query costs beside its key and the keys of the other examples: `2 · temperature · InfoNCE` (`rbf`), or its
   * cosine distance to its key less the weighed mean of those to the others (`euclidean`).
   */
  readonly cost?: 'rbf' | 'euclidean' | undefined
}

const kinds: OptionKinds<CACRMomentumOptions> = {
  temperature: 'number',
  cost: { among: ['rbf', 'euclidean'] },
  reduction: reductionKind
}

/**
 * CACR on a momentum encoder without a queue: the other views of an example look for its key among the keys of the
 * batch, and the most distant of them counts most.
 *
 * Wants a recipe with `target: { momentum }`. Takes two or more views `[batch, dim]` of any length. Returns {@link
 * cacrAgainst}, averaged over the keys, each time without the query of the key's own view, and over the examples,
 * `[batch]`; the authors take the sum over them for the `euclidean` cost. With two views all `p` are 1, and the `rbf`
 * cost is `2 · temperature` times InfoNCE in both directions, as in MoCo v3: the weights speak from three views on.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error without a target network, unless there is a target for each view, or for views of different shapes
 * @see Zheng et al. 2021, https://arxiv.org/abs/2105.03746, as in its ImageNet-1K experiments
 */
export function cacrMomentum<R extends Reduction = 'mean'>(options: CACRMomentumOptions<R> = {}): LossOf<R> {
  checkOptions('cacrMomentum', options, kinds)
  checkTemperature('cacrMomentum', options.temperature ?? 1)
  return (embeddings, batch) => {
    checkViews('cacrMomentum', embeddings)
    const targets = targetsOf('cacrMomentum', embeddings, batch?.targets)
    const queries = embeddings.map(normaliseRows)
    const keys = detached(() => targets.map(normaliseRows))
    const ofKeys = keys.map((key, v) =>
      against(
        queries.filter((_, m) => m !== v),
        key,
        options
      )
    )
    return reduced(tf.mean(tf.stack(ofKeys), 0), options.reduction ?? ('mean' as R))
  }
}

/**
 * What views cost against the keys of one other view: {@link cacrMomentum} for a loop of your own.
 *
 * Example `i` costs `Σ_m p_im c_im`, where the weights `p = softmax_m(‖q_im − k_i‖² / temperature)` are constants.
 *
 * @param queries one view or more, each `[batch, dim]`, of any length
 * @param key `[batch, dim]`; it gets a gradient, too, unless it is a constant
 * @returns averaged over the examples, `[batch]`; the mean is `2 · temperature · log(batch)` (`rbf`) or 0 (`euclidean`)
 * when all embeddings are equal, and exactly 0 for a batch of one (`rbf`)
 * @throws RangeError if `temperature` is not above 0
 * @throws Error if the shapes differ
 * @see Zheng et al. 2021, https://arxiv.org/abs/2105.03746
 */
export function cacrAgainst<R extends Reduction = 'mean'>(
  queries: readonly tf.Tensor2D[],
  key: tf.Tensor2D,
  options: CACRMomentumOptions<R> = {}
): Reduced<R> {
  checkOptions('cacrAgainst', options, kinds)
  checkTemperature('cacrAgainst', options.temperature ?? 1)
  checkTensors('cacrAgainst', queries)
  checkViews('cacrAgainst', [...queries, key])
  const each = against(queries.map(normaliseRows), normaliseRows(key), options)
  return reduced(each, options.reduction ?? ('mean' as R))
}

/** What each example costs, `[batch]`, of unit rows. */
function against(
  queries: readonly tf.Tensor2D[],
  key: tf.Tensor2D,
  { temperature = 1, cost = 'rbf' }: CACRMomentumOptions<Reduction>
): tf.Tensor1D {
  const weights = detached(() => tf.softmax(tf.div(toEach(key, queries), temperature))) // [batch, queries]
  const costs = tf.stack(
    queries.map(query => costOf[cost](query, key, temperature)),
    1
  ) // [batch, queries]
  return tf.sum(tf.mul(weights, costs), 1)
}

type Cost = (query: tf.Tensor2D, key: tf.Tensor2D, temperature: number) => tf.Tensor1D

const costOf: Readonly<Record<NonNullable<CACRMomentumOptions['cost']>, Cost>> = {
  /** `2 T ( log Σ_j exp(q k_j / T) − q k_i / T )` */
  rbf(query, key, temperature) {
    const logits = tf.div(tf.matMul(query, tf.transpose(key)), temperature) as tf.Tensor2D // [batch, batch]
    return tf.mul(tf.sub(tf.squeeze(logSumExpRows(logits), [1]), diagonal(logits)), 2 * temperature)
  },
  /** `c_i − Σ_{j≠i} w_j c_j` with `c = 1 − q k` and the constant weights `w = softmax_j(−c / T)` */
  euclidean(query, key, temperature) {
    const costs = tf.sub(1, tf.matMul(query, tf.transpose(key))) as tf.Tensor2D // [batch, batch]
    if (costs.shape[0] === 1) return diagonal(costs)
    const negatives = offDiagonal(costs)
    return tf.sub(diagonal(costs), conditionalMean(negatives, -1 / temperature, constant(negatives)))
  }
}
