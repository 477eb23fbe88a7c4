import type { Loss } from '@lapstrake/core'
import { normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatch, comparing, flatRows } from './comparing.ts'
import { inRange } from './in-range.ts'

/**
 * Similarity-preserving distillation: examples that are alike to the teacher should be alike to the student.
 *
 * Takes features `[batch, …]` of any shapes. With `G` the products of all pairs of examples, rows scaled to length one,
 * returns `‖G_s − G_t‖² / batch²`. It has no `reduction`: pairs have a cost, and no example one of its own.
 *
 * @throws Error unless both are of the same examples
 * @see Tung & Mori 2019, eq. 4, https://arxiv.org/abs/1907.09682
 */
export function similarityPreserving(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  checkBatch('sp', student, teacher)
  const [s, t] = [student, teacher].map(features => {
    const rows = inRange(flatRows(features), { least: 1e-5, most: 1e15 })
    return normaliseRows(tf.matMul(rows, tf.transpose(rows)))
  }) as [tf.Tensor2D, tf.Tensor2D]
  return tf.mean(tf.squaredDifference(s, t))
}

/** {@link similarityPreserving} for a recipe. Usual weight: 3000. */
export const sp = (): Loss => comparing('sp', similarityPreserving)
