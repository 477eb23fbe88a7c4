import type { Loss } from '@lapstrake/core'
import { normaliseRows, zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatch, comparing, flatRows } from './comparing.ts'

export interface RKDOptions {
  /** Weight of the distances between pairs. */
  readonly distance?: number | undefined
  /** Weight of the angles of triples; needs memory for `batch³` numbers. */
  readonly angle?: number | undefined
}

/**
 * Relational knowledge distillation: distances and angles between examples should be the teacher's, up to scale.
 *
 * Takes features `[batch, …]` of any shapes. Distances are divided by their mean and compared with a smooth L1 over all
 * pairs, angles over all triples. Returns a number of 0 or more; exactly 0 for a single example. Equal rows count as
 * 10⁻⁶ apart.
 *
 * @throws Error unless both are of the same examples
 * @see Park et al. 2019, eq. 5 to 9, https://arxiv.org/abs/1904.05068
 */
export function relational(
  student: tf.Tensor,
  teacher: tf.Tensor,
  { distance = 25, angle = 50 }: RKDOptions = {}
): tf.Scalar {
  checkBatch('rkd', student, teacher)
  const [s, t] = [flatRows(student), flatRows(teacher)]
  if (s.shape[0] < 2) return zeroLoss(s)
  return tf.add(tf.mul(smoothL1(distances(s), distances(t)), distance), tf.mul(smoothL1(angles(s), angles(t)), angle))
}

/** {@link relational} for a recipe. Usual weight: 1. */
export const rkd = (options: RKDOptions = {}): Loss =>
  comparing('rkd', (student, teacher) => relational(student, teacher, options))

/** Distances of all pairs over their mean, `[batch, batch]`, 0 of each row to itself. */
function distances(rows: tf.Tensor2D): tf.Tensor {
  const [batch] = rows.shape
  const squares = tf.sum(tf.square(rows), 1, true)
  const squared = tf.sub(tf.add(squares, tf.transpose(squares)), tf.mul(tf.matMul(rows, tf.transpose(rows)), 2))
  const apart = tf.mul(tf.sqrt(tf.maximum(squared, 1e-12)), tf.sub(1, tf.eye(batch)))
  return tf.div(apart, tf.div(tf.sum(apart), batch * (batch - 1)))
}

/** Cosines of the angles at every example to every pair, `[batch, batch, batch]`. */
function angles(rows: tf.Tensor2D): tf.Tensor {
  const [batch, dim] = rows.shape
  const directions = normaliseRows(tf.sub(tf.reshape(rows, [1, batch, dim]), tf.reshape(rows, [batch, 1, dim])))
  return tf.matMul(directions, directions, false, true)
}

/** Squares below one, absolute values above. */
function smoothL1(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  const apart = tf.abs(tf.sub(a, b))
  const near = tf.minimum(apart, 1)
  return tf.mean(tf.mul(near, tf.sub(apart, tf.div(near, 2))))
}
