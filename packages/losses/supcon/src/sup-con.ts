import {
  checkEmbeddings,
  checkOptions,
  checkTensors,
  own,
  reduced,
  reducedWithGradient,
  reductionKind,
  type LossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions,
  type WithGradient
} from '@lapstrake/core'
import {
  checkPositive,
  checkTemperature,
  checkViews,
  leaveOut,
  normaliseRows,
  transposedTimes,
  zeroRows
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkAlike, positiveWeights, type Alike } from './alike.ts'
import { formulas, type Formula, type Rules } from './formulas.ts'
import { outside } from './outside.ts'

export interface SupConOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the similarities. The paper uses 0.1. */
  readonly temperature?: number | undefined
  /**
   * The loss is multiplied by `temperature / baseTemperature`. Equal to the temperature when left out, so that nothing
   * is scaled.
   */
  readonly baseTemperature?: number | undefined
  /** Rows that ask: those of all views, or of the first only. All rows answer either way. */
  readonly anchors?: 'all' | 'first' | undefined
  /**
   * Where an anchor's positives are averaged: `out`side the logarithm (eq. 2, the paper's choice) or `in`side it (eq.
   * 3). `pairs` averages over pairs and keeps an anchor's other positives out of the denominator, as
   * pytorch-metric-learning's NT-Xent does.
   */
  readonly form?: 'out' | 'in' | 'pairs' | undefined
  /** An anchor without positives costs nothing: it counts in the mean (`zero`), or does not (`skip`). */
  readonly noPositive?: 'zero' | 'skip' | undefined
  /**
   * An anchor without negatives, for all other rows are its positives – with labels, in a batch of one class – still
   * has its `cost` by the equation, which draws all of them together; or it costs nothing and counts in the mean
   * (`zero`), as pytorch-metric-learning has it for such a batch. In the form `pairs` it costs nothing either way.
   */
  readonly noNegative?: 'cost' | 'zero' | undefined
  /** Scales rows to length one. Rows that come in scaled may save it. */
  readonly normalise?: boolean | undefined
}

/**
 * Supervised contrastive loss: each row should find all rows of examples like its own among the rows of all views.
 *
 * Takes one view or more `[batch, dim]`, and `labels` or `similarity` from the batch; without either it wants two views
 * and is NT-Xent. Returns nats times `temperature / baseTemperature`, averaged over the anchors, `[V · batch]` view
 * after view, or `[batch]` for those of the first; in the form `pairs` a row is the sum over an anchor's pairs, and the
 * mean one over pairs. `log(V · batch − 1)` times that when all embeddings are equal; exactly 0 when nothing is alike,
 * and for two rows or one. The forms `in` and `pairs` keep one matrix of similarities from the forward pass; `out`
 * keeps none, and takes twice as long for `reduction: 'none'`.
 *
 * @throws RangeError if `temperature` or `baseTemperature` is not above 0
 * @throws Error for labels and a similarity together, labels or a similarity of the wrong form, views of different
 * shapes, or one view and neither
 * @see Khosla et al. 2020, eq. 2 and 3, https://arxiv.org/abs/2004.11362
 */
export function supCon<R extends Reduction = 'mean'>(options: SupConOptions<R> = {}): LossOf<R> {
  check('supCon', options)
  return (embeddings, batch) => {
    checkViews('supCon', embeddings, 1)
    const alike = { labels: batch?.labels, similarity: batch?.similarity }
    checkAlike(alike, embeddings[0].shape[0], embeddings.length)
    return contrast(tf.concat2d([...embeddings], 0), embeddings.length, alike, options)
  }
}

/**
 * {@link supCon} for features in one tensor `[batch, views, ...]`; what follows the views is flattened to one row.
 *
 * @throws RangeError and Error as {@link supCon} does
 */
export function supConLoss<R extends Reduction = 'mean'>(
  features: tf.Tensor,
  alike: Alike = {},
  options: SupConOptions<R> = {}
): Reduced<R> {
  check('supConLoss', options)
  checkOptions('supConLoss', alike, { labels: 'record', similarity: 'record' })
  checkTensors('supConLoss', [features])
  const [batch = 0, views = 0] = features.shape
  if (features.rank < 3)
    throw new Error(
      `supCon: expected features [batch, views, ...], got [${features.shape.join(', ')}]. Stack the views along axis 1.`
    )
  checkEmbeddings('supConLoss', [features])
  checkAlike(alike, batch, views)
  const rows = tf.transpose(tf.reshape(features, [batch, views, -1]), [1, 0, 2])
  return contrast(tf.reshape(rows, [views * batch, -1]), views, alike, options)
}

function check(who: string, options: SupConOptions<Reduction>): void {
  checkOptions(who, options, {
    temperature: 'number',
    baseTemperature: 'number',
    anchors: { among: ['all', 'first'] },
    form: { among: ['out', 'in', 'pairs'] },
    noPositive: { among: ['zero', 'skip'] },
    noNegative: { among: ['cost', 'zero'] },
    normalise: 'boolean',
    reduction: reductionKind
  })
  const { temperature = 0.1, baseTemperature = temperature } = options
  checkTemperature(who, temperature)
  checkPositive(who, 'baseTemperature', baseTemperature, 'Leave it out to scale nothing.')
}

/** The loss of rows, view after view. */
function contrast<R extends Reduction = 'mean'>(
  rows: tf.Tensor2D,
  views: number,
  alike: Alike,
  options: SupConOptions<R>
): Reduced<R> {
  const {
    temperature = 0.1,
    baseTemperature = temperature,
    anchors = 'all',
    form = 'out',
    noPositive = 'zero',
    noNegative = 'cost',
    normalise = true,
    reduction = 'mean' as R
  } = options
  const count = rows.shape[0]
  const batch = count / views
  const asking = anchors === 'all' ? count : batch
  // Of two rows, one finds the other among the other alone.
  if (count <= 2) return reduced(tf.slice(zeroRows(rows), 0, asking), reduction)
  const rules = { noPositive, noNegative }
  const z = normalise ? normaliseRows(rows) : rows
  const cost = (): Reduced<R> => {
    if (form === 'out') return outside(z, alike, views, asking, temperature, rules, reduction)
    const weights = own(() => positiveWeights(alike, batch, views, asking))
    return amongLogits(z, weights, temperature, formulas[form], rules, reduction)
  }
  return tf.mul(cost(), temperature / baseTemperature)
}

/** What anchors cost by a formula of all logits. */
function amongLogits<R extends Reduction>(
  rows: tf.Tensor2D,
  weights: tf.Tensor2D,
  temperature: number,
  formula: Formula,
  rules: Rules,
  reduction: R
): Reduced<R> {
  const [asking, n] = weights.shape
  const { active, count } = own(() => formula.counting(weights, rules))
  const forward = (z: tf.Tensor2D): WithGradient<tf.Tensor1D, tf.Tensor> => {
    // Matrices of all pairs are freed as soon as they have been read: of the many that it takes, few are there at a
    // time.
    const logits = own(() => {
      const itself = tf.cast(tf.eye(asking, n), 'bool')
      const similarity = tf.matMul(tf.div(tf.slice(z, 0, asking), temperature), tf.transpose(z))
      const others = leaveOut(similarity as tf.Tensor2D, itself) // [asking, n]
      // Seen from the largest, so that small differences of large similarities keep their digits.
      return tf.sub(others, tf.max(others, 1, true)) as tf.Tensor2D
    })
    const { costs, slope } = own(() => formula.costs(logits, weights))
    return {
      value: tf.reshape(tf.where(active, costs, tf.zerosLike(costs)), [asking]),
      saved: [z, slope, active],
      gradient(dy, [z, slope, active]) {
        const scale = tf.mul(tf.div(dy, temperature), tf.cast(active!, 'float32')) // [asking, 1]
        const anchor: tf.Tensor2D = tf.mul(tf.slice(z as tf.Tensor2D, 0, asking), scale)
        const asked = tf.mul(tf.matMul(slope as tf.Tensor2D, z as tf.Tensor2D), scale) // [asking, dim]
        const answered = transposedTimes(slope as tf.Tensor2D, anchor) // [n, dim]
        return [
          tf.add(
            tf.pad(asked, [
              [0, n - asking],
              [0, 0]
            ]),
            answered
          )
        ]
      }
    }
  }
  return reducedWithGradient([rows], reduction, forward, count)
}
