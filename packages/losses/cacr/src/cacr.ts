import {
  checkEmbeddings,
  checkOptions,
  checkTensors,
  reduced,
  reductionKind,
  type ViewLossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import {
  checkPositive,
  checkViews,
  distancesOfUnitRows,
  normaliseRows,
  squaredDistances,
  zeroLoss,
  zeroRows
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { attraction } from './attraction.ts'
import { checkStrengths } from './check-strengths.ts'
import { conditionalMean, constant } from './conditional-mean.ts'
import { diagonal, offDiagonal } from './diagonal.ts'

export interface CACROptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Multiplies the attraction, the paper's α. 0 leaves it out. */
  readonly attraction?: number | undefined
  /** Multiplies the repulsion, the paper's β: 2 in the authors' STL-10 runs. 0 leaves it out. */
  readonly repulsion?: number | undefined
  /**
   * How much more distant positives weigh, the paper's t⁺; it multiplies the distances. At 0 all weigh the same, the
   * paper's ablation.
   */
  readonly positiveTemperature?: number | undefined
  /**
   * How much more near negatives weigh, the paper's t⁻: 0.9 in the authors' CIFAR-10 runs, 2 for CIFAR-100 and STL-10.
   * At 0 all weigh the same.
   */
  readonly negativeTemperature?: number | undefined
  /**
   * What a negative at distance d costs: `−d²`, or the kernel `exp(−rbfScale · d²)`, of whose mean the logarithm is
   * taken.
   */
  readonly cost?: 'euclidean' | 'rbf' | undefined
  /** How fast the kernel of the `rbf` cost falls. */
  readonly rbfScale?: number | undefined
  /**
   * Corrects for negatives that are secretly of the query's class, a part τ of all, from 0 to below 1:
   * `(τ d⁺² + Σ w⁻ d²) / (1 − τ)` is repelled. The authors' code adds the first term; by Chuang et al. 2020 it would be
   * taken away. Only for the `euclidean` cost.
   */
  readonly classPrior?: number | undefined
  /** Lets no gradient pass through the weights. The authors do so at large scale, not at small. */
  readonly detachWeights?: boolean | undefined
  /**
   * Scales rows to length one. Without it the `euclidean` loss falls for ever as rows grow, unless something holds
   * them.
   */
  readonly normalise?: boolean | undefined
}

/**
 * Contrastive attraction and contrastive repulsion: views of one example attract, the more distant the more; other
 * examples repel, the nearer the more.
 *
 * Takes two or more views `[batch, dim]` of any length; rows are scaled to length one here. All views of an example
 * attract each other, and a view repels the other examples of each later view. Returns
 * `attraction · Σ w⁺ d² − repulsion · Σ w⁻ d²`, averaged over examples and views, from `−4 · repulsion` to
 * `4 · attraction`; or, for the `rbf` cost, `repulsion · log Σ w⁻ exp(−rbfScale · d²)` as the second term. Rows
 * are `[batch]`; the `rbf` cost has none, for it is the logarithm of a mean over them. It is 0 when all embeddings are
 * equal. A batch of one has no negatives: its repulsion is exactly 0.
 *
 * @throws RangeError if an option is out of range
 * @throws Error unless there are two or more views of one shape
 * @see Zheng et al. 2021, https://arxiv.org/abs/2105.03746, as in its CIFAR and STL-10 experiments
 */
export function cacr<R extends Reduction = 'mean'>(options: CACROptions<R> = {}): ViewLossOf<R> {
  check('cacr', options)
  return embeddings => {
    checkViews('cacr', embeddings)
    return contrast(embeddings, options)
  }
}

/**
 * {@link cacr} for features in one tensor `[batch, views, ...]`; what follows the views is flattened to one row.
 *
 * @throws RangeError and Error as {@link cacr} does
 */
export function cacrLoss<R extends Reduction = 'mean'>(features: tf.Tensor, options: CACROptions<R> = {}): Reduced<R> {
  check('cacrLoss', options)
  checkTensors('cacrLoss', [features])
  const [batch = 0, views = 0] = features.shape
  if (features.rank < 3 || views < 2) {
    throw new Error(
      `cacr: expected features [batch, views, ...] of two or more views, got [${features.shape.join(', ')}]. ` +
        'Stack the views along axis 1.'
    )
  }
  checkEmbeddings('cacrLoss', [features])
  return contrast(tf.unstack(tf.reshape(features, [batch, views, -1]), 1) as tf.Tensor2D[], options)
}

function check(who: string, options: CACROptions<Reduction>): void {
  checkOptions(who, options, {
    attraction: 'number',
    repulsion: 'number',
    positiveTemperature: 'number',
    negativeTemperature: 'number',
    cost: { among: ['euclidean', 'rbf'] },
    rbfScale: 'number',
    classPrior: 'number',
    detachWeights: 'boolean',
    normalise: 'boolean',
    reduction: reductionKind
  })
  const { attraction = 1, repulsion = 1, positiveTemperature = 1, negativeTemperature = 1 } = options
  const { cost = 'euclidean', rbfScale = 2, classPrior = 0, reduction = 'mean' } = options
  checkStrengths(who, { attraction, repulsion, positiveTemperature, negativeTemperature })
  checkPositive(who, 'rbfScale', rbfScale, 'Try 2.')
  if (!(classPrior >= 0 && classPrior < 1)) {
    throw new RangeError(`${who}: expected a classPrior from 0 to below 1, got ${classPrior}. Try 0.1 for ten classes.`)
  }
  if (classPrior > 0 && cost === 'rbf') {
    throw new RangeError(
      `${who}: expected no classPrior with the rbf cost, got ${classPrior}. Leave it out, or choose the euclidean cost.`
    )
  }
  if (reduction !== 'mean' && cost === 'rbf') {
    throw new RangeError(
      `${who}: expected the mean with the rbf cost, which is no mean over rows, got a reduction of '${reduction}'. ` +
        'Leave it out, or choose the euclidean cost.'
    )
  }
}

function contrast<R extends Reduction = 'mean'>(views: readonly tf.Tensor2D[], options: CACROptions<R>): Reduced<R> {
  const {
    attraction: alpha = 1,
    repulsion: beta = 1,
    positiveTemperature = 1,
    detachWeights = false,
    normalise = true,
    cost = 'euclidean',
    reduction = 'mean' as R
  } = options
  const z = normalise ? views.map(normaliseRows) : views
  const attractions = z.map((query, v) =>
    attraction(
      query,
      z.filter((_, u) => u !== v),
      positiveTemperature,
      detachWeights
    )
  )
  const pairs = z.flatMap((query, v) => z.slice(v + 1).map(other => [query, other] as const))
  const attracted = tf.mul(tf.mean(tf.stack(attractions), 0), alpha) // [batch]
  const repelled = (each: readonly tf.Tensor[]): tf.Tensor => tf.mul(tf.mean(tf.stack([...each]), 0), beta)
  if (cost === 'euclidean') {
    const repulsions = pairs.map(([query, other]) => repulsion(query, other, options))
    return reduced(tf.add(attracted, repelled(repulsions)), reduction)
  }
  const repulsions = pairs.map(([query, other]) => kernelRepulsion(query, other, options))
  return tf.add(tf.mean(attracted), repelled(repulsions)) as Reduced<R>
}

/**
 * What each row of one view costs among the other examples of another, `[batch]`, with
 * `w⁻ = softmax_j(−negativeTemperature · d²)`.
 */
function repulsion(query: tf.Tensor2D, other: tf.Tensor2D, options: CACROptions<Reduction>): tf.Tensor1D {
  const { classPrior = 0 } = options
  if (query.shape[0] === 1) return zeroRows(query)
  const { distances, negatives, seen, negativeTemperature } = compared(query, other, options)
  const repelled = conditionalMean(negatives, -negativeTemperature, seen)
  return tf.div(tf.add(tf.mul(diagonal(distances), classPrior), repelled), classPrior - 1)
}

/** `log( mean_i Σ_j w⁻ exp(−rbfScale · d²) )`, safe for distances whose kernel is 0 in float32. */
function kernelRepulsion(query: tf.Tensor2D, other: tf.Tensor2D, options: CACROptions<Reduction>): tf.Scalar {
  const { rbfScale = 2 } = options
  const batch = query.shape[0]
  if (batch === 1) return zeroLoss(query)
  const { negatives, seen, negativeTemperature } = compared(query, other, options)
  const logWeights = tf.logSoftmax(tf.mul(seen, -negativeTemperature))
  return tf.sub(tf.logSumExp(tf.sub(logWeights, tf.mul(negatives, rbfScale))), Math.log(batch))
}

/**
 * Distances between the rows of two views, and those of different examples, `[batch, batch − 1]`, as weights see them.
 */
function compared(
  query: tf.Tensor2D,
  other: tf.Tensor2D,
  { negativeTemperature = 1, detachWeights = false, normalise = true }: CACROptions<Reduction>
): { distances: tf.Tensor2D; negatives: tf.Tensor2D; seen: tf.Tensor2D; negativeTemperature: number } {
  const distances = (normalise ? distancesOfUnitRows : squaredDistances)(query, other)
  const negatives = offDiagonal(distances) // [batch, batch − 1]
  return { distances, negatives, seen: detachWeights ? constant(negatives) : negatives, negativeTemperature }
}
