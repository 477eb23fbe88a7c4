import { own, type Reduced, type Reduction } from '@lapstrake/core'
import { contrastEachRow, contrastRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { hasUnlike, likenessToItself, sumsOfAlike, type Alike } from './alike.ts'
import { countingOf, lightest, type Rules } from './formulas.ts'

/**
 * Eq. 2: `log Σ exp(s) − Σ w s / Σ w` of the anchors, reduced: the first `asking` of the rows `z`, view after view.
 *
 * A row's similarities to its positives add up to that with their sum, so that none of them is needed.
 */
export function outside<R extends Reduction>(
  z: tf.Tensor2D,
  alike: Alike,
  views: number,
  asking: number,
  temperature: number,
  { noPositive, noNegative }: Rules,
  reduction: R
): Reduced<R> {
  const [count, dim] = z.shape
  const batch = count / views
  const anchorViews = asking / batch
  const itself = likenessToItself(alike, batch)
  const { total, weights } = own(() => {
    const ofExamples = tf.sub(tf.mul(sumsOfAlike(alike, tf.ones([batch, 1])), views), itself)
    const sums = tf.reshape(tf.tile(ofExamples, [anchorViews, 1]), [asking]) as tf.Tensor1D
    const unlike = noNegative === 'zero' ? tf.tile(hasUnlike(alike, batch), [anchorViews]) : undefined
    const { active, count } = countingOf(sums, noPositive, unlike)
    const counts = tf.cast(active, 'float32') as tf.Tensor1D
    return {
      total: tf.maximum(sums, lightest),
      weights: reduction === 'mean' ? (tf.div(counts, count) as tf.Tensor1D) : counts
    }
  })
  const byView = tf.reshape(z, [views, batch, dim])
  const anchors = tf.slice(byView, 0, anchorViews)
  const positives = tf.sub(sumsOfAlike(alike, tf.sum(byView, 0)), tf.mul(itself, anchors)) // [anchorViews, batch, dim]
  const attraction = tf.reshape(tf.sum(tf.mul(anchors, positives), 2), [asking])
  const attracted = tf.div(attraction, tf.mul(total, temperature)) as tf.Tensor1D
  return (
    reduction === 'none'
      ? tf.mul(contrastEachRow(z, attracted, { temperature }), weights)
      : contrastRows(z, attracted, weights, { temperature })
  ) as Reduced<R>
}
