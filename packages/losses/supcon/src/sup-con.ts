import { own, withGradient, type Loss } from '@lapstrake/core'
import { checkPositive, checkTemperature, checkViews, normaliseRows, transposedTimes } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkAlike, positiveWeights, type Alike } from './alike.ts'
import { formulas, type Formula } from './formulas.ts'
import { outside } from './outside.ts'

export interface SupConOptions {
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
  /** Scales rows to length one. Rows that come in scaled may save it. */
  readonly normalise?: boolean | undefined
}

/**
 * Supervised contrastive loss: each row should find all rows of examples like its own among the rows of all views.
 *
 * Takes one view or more `[batch, dim]`, and `labels` or `similarity` from the batch; without either it wants two views
 * and is NT-Xent. Returns nats times `temperature / baseTemperature`, averaged over the anchors; `log(V · batch − 1)`
 * times that when all embeddings are equal; exactly 0 when nothing is alike. The forms `in` and `pairs` keep one matrix
 * of similarities from the forward pass; `out` keeps none.
 *
 * @throws RangeError if `temperature` or `baseTemperature` is not above 0, or for an unknown choice
 * @throws Error for labels and a similarity together, labels or a similarity of the wrong form, views of different
 * shapes, or one view and neither
 * @see Khosla et al. 2020, eq. 2 and 3, https://arxiv.org/abs/2004.11362
 */
export function supCon(options: SupConOptions = {}): Loss {
  checkOptions(options)
  return (embeddings, { labels, similarity }) => {
    checkViews('supCon', embeddings, 1)
    return contrast(tf.concat2d([...embeddings], 0), embeddings.length, { labels, similarity }, options)
  }
}

/**
 * {@link supCon} for features in one tensor `[batch, views, ...]`; what follows the views is flattened to one row.
 *
 * @throws RangeError and Error as {@link supCon} does
 */
export function supConLoss(features: tf.Tensor, alike: Alike = {}, options: SupConOptions = {}): tf.Scalar {
  checkOptions(options)
  const [batch = 0, views = 0] = features.shape
  if (features.rank < 3)
    throw new Error(
      `supCon: expected features [batch, views, ...], got [${features.shape.join(', ')}]. Stack the views along axis 1.`
    )
  const rows = tf.transpose(tf.reshape(features, [batch, views, -1]), [1, 0, 2])
  return contrast(tf.reshape(rows, [views * batch, -1]), views, alike, options)
}

function checkOptions({
  temperature = 0.1,
  baseTemperature = temperature,
  anchors = 'all',
  form = 'out',
  noPositive = 'zero'
}: SupConOptions): void {
  checkOneOf('anchors', anchors, ['all', 'first'])
  checkOneOf('form', form, ['out', 'in', 'pairs'])
  checkOneOf('noPositive', noPositive, ['zero', 'skip'])
  checkTemperature('supCon', temperature)
  checkPositive('supCon', 'baseTemperature', baseTemperature, 'Leave it out to scale nothing.')
}

function checkOneOf(name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new RangeError(
      `supCon: expected ${name} to be one of '${choices.join("', '")}', got ${JSON.stringify(value)}.`
    )
}

/** The loss of rows, view after view. */
function contrast(rows: tf.Tensor2D, views: number, alike: Alike, options: SupConOptions): tf.Scalar {
  const {
    temperature = 0.1,
    baseTemperature = temperature,
    anchors = 'all',
    form = 'out',
    noPositive = 'zero',
    normalise = true
  } = options
  const count = rows.shape[0]
  const batch = count / views
  const asking = anchors === 'all' ? count : batch
  checkAlike(alike, batch, views)
  const z = normalise ? normaliseRows(rows) : rows
  const loss =
    form === 'out'
      ? outside(z, alike, views, asking, temperature, noPositive)
      : amongLogits(
          z,
          own(() => positiveWeights(alike, batch, views, asking)),
          temperature,
          noPositive,
          formulas[form]
        )
  return tf.mul(loss, temperature / baseTemperature)
}

/** The loss of rows by a formula of all logits. */
function amongLogits(
  rows: tf.Tensor2D,
  weights: tf.Tensor2D,
  temperature: number,
  noPositive: 'zero' | 'skip',
  formula: Formula
): tf.Scalar {
  const [asking, count] = weights.shape
  return withGradient([rows], z => {
    // Matrices of all pairs are freed as soon as they have been read: of the many that it takes, few are there at a
    // time.
    const logits = own(() => {
      const notItself = tf.oneHot(tf.range(0, asking, 1, 'int32'), count, -1e9, 0)
      // [asking, count]
      return tf.add(tf.matMul(tf.div(tf.slice(z, 0, asking), temperature), tf.transpose(z)), notItself) as tf.Tensor2D
    })
    const { value, slope } = own(() => formula(logits, weights, noPositive))
    return {
      value: value as tf.Scalar,
      saved: [z, slope],
      gradient(dy, [z, slope]) {
        const anchor = tf.slice(z as tf.Tensor2D, 0, asking)
        const asked = tf.matMul(slope as tf.Tensor2D, z as tf.Tensor2D) // [asking, dim]
        const answered = transposedTimes(slope as tf.Tensor2D, anchor) // [count, dim]
        return [
          tf.mul(
            tf.add(
              tf.pad(asked, [
                [0, count - asking],
                [0, 0]
              ]),
              answered
            ),
            tf.mul(dy, 1 / temperature)
          )
        ]
      }
    }
  })
}
