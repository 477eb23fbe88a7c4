import * as tf from '@tensorflow/tfjs-core'
import { ofTwoViews, type Experiment, type Loss } from 'lapstrake'
import loco from './03-loco.ts'

/** Pulls the views of an example together and pushes all rows apart (alignment and uniformity, Wang & Isola 2020). */
const alignAndSpread = (): Loss =>
  ofTwoViews((a, b) => {
    const unit = (rows: tf.Tensor2D): tf.Tensor2D => tf.div(rows, tf.add(tf.norm(rows, 2, 1, true), 1e-6))
    const [u, v] = [unit(a), unit(b)]
    const apart = tf.logSumExp(tf.mul(tf.matMul(u, tf.transpose(u)), 4))
    return tf.add(tf.mul(tf.mean(tf.sum(tf.squaredDifference(u, v), 1)), 2), apart) as tf.Scalar
  })

/**
 * LoCo with a loss of one's own.
 *
 * The paper behind it (Wang & Isola 2020) shows that contrast with many negatives comes down to two wishes – views of
 * one example close together, all rows spread over the sphere –, and that asking for the two outright learns as well or
 * better.
 *
 * The lines: `ofTwoViews` hands over the rows of both views. `unit` scales them to length one, `apart` is large where
 * rows crowd, and the last line adds how far the two views of each example are from each other. All else is
 * [LoCo's](./03-loco.ts).
 *
 * Expect it level with NT-Xent, of which it has both halves.
 *
 * Look at what a change does: without `apart` all rows may become one, and the map falls together; with 1 in place of
 * the last 2 views are pulled together half as much.
 *
 *     npm run --silent study:recipe -- docs/recipes/04-your-own-loss.ts
 */
const recipe: Experiment = { ...loco, name: 'your-own-loss', loss: alignAndSpread }

/** The same with SimCLR's loss. */
export const against: readonly Experiment[] = [loco]

export default recipe
