import { checkOptions, type Loss, type OptionKinds } from '@lapstrake/core'
import { normaliseRows, zeroLoss } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatch, comparing, flatRows } from './comparing.ts'
import { inRange } from './in-range.ts'

export interface RKDOptions {
  /** Weight of the distances between pairs. */
  readonly distance?: number | undefined
  /** Weight of the angles of triples; needs memory for `batch³` numbers. */
  readonly angle?: number | undefined
}

const kinds: OptionKinds<RKDOptions> = { distance: 'number', angle: 'number' }

/**
 * Relational knowledge distillation: distances and angles between examples should be the teacher's, up to scale.
 *
 * Takes features `[batch, …]` of any shapes. Distances are divided by their mean and compared with a smooth L1 over all
 * pairs, angles over all triples; both come from the differences of all pairs, so that it does not matter where rows
 * lie. Returns a number of 0 or more; exactly 0 for a single example. Equal rows count as 10⁻⁶ apart. It
 * has no `reduction`: pairs and triples have a cost, and no example one of its own.
 *
 * @throws RangeError if a weight is not a finite number of 0 or more
 * @throws Error unless both are of the same examples
 * @see Park et al. 2019, eq. 5 to 9, https://arxiv.org/abs/1904.05068
 */
export function relational(student: tf.Tensor, teacher: tf.Tensor, options: RKDOptions = {}): tf.Scalar {
  checkOptions('relational', options, kinds)
  const { distance = 25, angle = 50 } = options
  checkWeights(options)
  checkBatch('rkd', student, teacher)
  if (student.shape[0]! < 2) return zeroLoss(student)
  const [s, t] = [differences(flatRows(student)), differences(flatRows(teacher))]
  return tf.add(tf.mul(smoothL1(distances(s), distances(t)), distance), tf.mul(smoothL1(angles(s), angles(t)), angle))
}

/** {@link relational} for a recipe. Usual weight: 1. */
export function rkd(options: RKDOptions = {}): Loss {
  checkOptions('rkd', options, kinds)
  checkWeights(options)
  return comparing('rkd', (student, teacher) => relational(student, teacher, options))
}

function checkWeights({ distance = 25, angle = 50 }: RKDOptions): void {
  for (const [name, weight] of Object.entries({ distance, angle })) {
    if (!(weight >= 0 && weight < Infinity))
      throw new RangeError(`rkd: expected a weight of 0 or more for ${name}, got ${weight}. Try 25 and 50.`)
  }
}

/** What takes each row to each, up to scale, `[batch, batch, dim]`. */
function differences(rows: tf.Tensor2D): tf.Tensor3D {
  const [batch, dim] = rows.shape
  return inRange(tf.sub(tf.reshape(rows, [1, batch, dim]), tf.reshape(rows, [batch, 1, dim])), { most: 1e15 })
}

/** Distances of all pairs over their mean, `[batch, batch]`, 0 of each row to itself. */
function distances(differences: tf.Tensor3D): tf.Tensor {
  const [batch] = differences.shape
  const squared = tf.sum(tf.square(differences), 2)
  const apart = tf.mul(tf.sqrt(tf.maximum(squared, 1e-12)), tf.sub(1, tf.eye(batch)))
  return tf.div(apart, tf.div(tf.sum(apart), batch * (batch - 1)))
}

/** Cosines of the angles at every example to every pair, `[batch, batch, batch]`. */
function angles(differences: tf.Tensor3D): tf.Tensor {
  const directions = normaliseRows(differences)
  return tf.matMul(directions, directions, false, true)
}

/** Squares below one, absolute values above. */
function smoothL1(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  const apart = tf.abs(tf.sub(a, b))
  const near = tf.minimum(apart, 1)
  return tf.mean(tf.mul(near, tf.sub(apart, tf.div(near, 2))))
}
