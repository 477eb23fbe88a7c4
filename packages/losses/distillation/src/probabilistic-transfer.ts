import {
  checkOptions,
  reduced,
  reductionKind,
  type LossOf,
  type OptionKinds,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkPositive, normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatch, comparingRows, flatRows } from './comparing.ts'

export interface PKTOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Keeps the logarithms from zero. */
  readonly epsilon?: number | undefined
}

const kinds: OptionKinds<PKTOptions> = { epsilon: 'number', reduction: reductionKind }

/**
 * Probabilistic knowledge transfer: who is whose neighbour, as the teacher sees it.
 *
 * Takes features `[batch, …]` of any shapes. Cosines `(cos + 1) / 2`, each row (itself included) scaled to sum one, are
 * the chances; returns the mean over all pairs of `p_t log((p_t + ε) / (p_s + ε))`, of which each of `[batch]` rows has
 * its own.
 *
 * @throws RangeError if `epsilon` is not above 0: opposite rows have no chance, and 0 no logarithm
 * @throws Error unless both are of the same examples
 * @see Passalis & Tefas 2018, eq. 4 to 6, https://arxiv.org/abs/1803.10837
 */
export function probabilisticTransfer<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: PKTOptions<R> = {}
): Reduced<R> {
  checkOptions('probabilisticTransfer', options, kinds)
  const { epsilon = 1e-7, reduction = 'mean' as R } = options
  checkPositive('probabilisticTransfer', 'small epsilon', epsilon, 'Try 1e-7.')
  return reduced(divergences(student, teacher, epsilon), reduction)
}

/** {@link probabilisticTransfer} for a recipe. Usual weight: 30000. Rows are `[views · batch]`, view after view. */
export function pkt<R extends Reduction = 'mean'>(options: PKTOptions<R> = {}): LossOf<R> {
  checkOptions('pkt', options, kinds)
  const { epsilon = 1e-7, reduction = 'mean' as R } = options
  checkPositive('pkt', 'small epsilon', epsilon, 'Try 1e-7.')
  return comparingRows('pkt', reduction, (student, teacher) => divergences(student, teacher, epsilon))
}

/** The mean over the neighbours of each example, `[batch]`. */
function divergences(student: tf.Tensor, teacher: tf.Tensor, epsilon: number): tf.Tensor1D {
  checkBatch('pkt', student, teacher)
  const [s, t] = [student, teacher].map(features => {
    const rows = normaliseRows(flatRows(features))
    // Opposite rows may come out a rounding below −1.
    const likeness = tf.relu(tf.div(tf.add(tf.matMul(rows, tf.transpose(rows)), 1), 2))
    return tf.div(likeness, tf.sum(likeness, 1, true))
  }) as [tf.Tensor, tf.Tensor]
  return tf.mean(tf.mul(t, tf.sub(tf.log(tf.add(t, epsilon)), tf.log(tf.add(s, epsilon)))), 1)
}
