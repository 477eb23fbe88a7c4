import { checkOptions, type Loss, type OptionKinds } from '@lapstrake/core'
import { checkPositive, normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatch, comparing, flatRows } from './comparing.ts'

export interface PKTOptions {
  /** Keeps the logarithms from zero. */
  readonly epsilon?: number | undefined
}

const kinds: OptionKinds<PKTOptions> = { epsilon: 'number' }

/**
 * Probabilistic knowledge transfer: who is whose neighbour, as the teacher sees it.
 *
 * Takes features `[batch, …]` of any shapes. Cosines `(cos + 1) / 2`, each row (itself included) scaled to sum one, are
 * the chances; returns the mean over all pairs of `p_t log((p_t + ε) / (p_s + ε))`.
 *
 * @throws RangeError if `epsilon` is not above 0: opposite rows have no chance, and 0 no logarithm
 * @throws Error unless both are of the same examples
 * @see Passalis & Tefas 2018, eq. 4 to 6, https://arxiv.org/abs/1803.10837
 */
export function probabilisticTransfer(student: tf.Tensor, teacher: tf.Tensor, options: PKTOptions = {}): tf.Scalar {
  checkOptions('probabilisticTransfer', options, kinds)
  const { epsilon = 1e-7 } = options
  checkPositive('pkt', 'small epsilon', epsilon, 'Try 1e-7.')
  checkBatch('pkt', student, teacher)
  const [s, t] = [student, teacher].map(features => {
    const rows = normaliseRows(flatRows(features))
    // Opposite rows may come out a rounding below −1.
    const likeness = tf.relu(tf.div(tf.add(tf.matMul(rows, tf.transpose(rows)), 1), 2))
    return tf.div(likeness, tf.sum(likeness, 1, true))
  }) as [tf.Tensor, tf.Tensor]
  return tf.mean(tf.mul(t, tf.sub(tf.log(tf.add(t, epsilon)), tf.log(tf.add(s, epsilon)))))
}

/** {@link probabilisticTransfer} for a recipe. Usual weight: 30000. */
export function pkt(options: PKTOptions = {}): Loss {
  checkOptions('pkt', options, kinds)
  checkPositive('pkt', 'small epsilon', options.epsilon ?? 1e-7, 'Try 1e-7.')
  return comparing('pkt', (student, teacher) => probabilisticTransfer(student, teacher, options))
}
