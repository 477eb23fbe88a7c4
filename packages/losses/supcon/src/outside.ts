import { own } from '@lapstrake/core'
import { contrastRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { hasUnlike, likenessToItself, sumsOfAlike, type Alike } from './alike.ts'
import { anchorsOf, type Rules } from './formulas.ts'

/**
 * Eq. 2: `log Σ exp(s) − Σ w s / Σ w`, averaged over the anchors: the first `asking` of the rows `z`, view after view.
 *
 * A row's similarities to its positives add up to that with their sum, so that none of them is needed.
 */
export function outside(
  z: tf.Tensor2D,
  alike: Alike,
  views: number,
  asking: number,
  temperature: number,
  { noPositive, noNegative }: Rules
): tf.Scalar {
  const [count, dim] = z.shape
  const batch = count / views
  const anchorViews = asking / batch
  const itself = likenessToItself(alike, batch)
  const { total, counts } = own(() => {
    const ofExamples = tf.sub(tf.mul(sumsOfAlike(alike, tf.ones([batch, 1])), views), itself) as tf.Tensor2D
    const anchors = anchorsOf(tf.tile(ofExamples, [anchorViews, 1]), noPositive)
    if (noNegative === 'cost') return anchors
    return { ...anchors, counts: tf.mul(anchors.counts, tf.tile(hasUnlike(alike, batch), [anchorViews, 1])) }
  })
  const byView = tf.reshape(z, [views, batch, dim])
  const anchors = tf.slice(byView, 0, anchorViews)
  const positives = tf.sub(sumsOfAlike(alike, tf.sum(byView, 0)), tf.mul(itself, anchors)) // [anchorViews, batch, dim]
  const attracted = tf.div(
    tf.sum(tf.mul(anchors, positives), 2),
    tf.reshape(tf.mul(total, temperature), [anchorViews, batch])
  )
  return contrastRows(z, tf.reshape(attracted, [asking]), tf.reshape(counts, [asking]), { temperature })
}
