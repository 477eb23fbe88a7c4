import {
  checkOptions,
  reduced,
  reductionKind,
  type LossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { comparingRows, meanOfEach } from './comparing.ts'
import { places, sameSize } from './maps.ts'

/** How what the examples cost becomes the loss. */
export type NSTOptions<R extends Reduction = 'mean' | 'sum'> = ReductionOptions<R>

/**
 * Neuron selectivity transfer: the student's channels, as patterns over places, should be distributed as the teacher's
 * (squared maximum mean discrepancy with the kernel `(x · y)²`).
 *
 * Takes maps `[batch, height, width, channels]` of any channels; the larger is pooled to the smaller. Returns a number
 * of 0 or more, averaged over the examples, `[batch]`. Needs memory for `batch · places²` numbers or
 * `batch · channels²`, whichever is less.
 *
 * @throws Error unless both are maps of the same examples
 * @see Huang & Wang 2017, eq. 4, https://arxiv.org/abs/1707.01219
 */
export function neuronSelectivity<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: NSTOptions<R> = {}
): Reduced<R> {
  checkOptions('neuronSelectivity', options, { reduction: reductionKind })
  return reduced(discrepancies(student, teacher), options.reduction ?? ('mean' as R))
}

/** {@link neuronSelectivity} for a recipe. Usual weight: 50. Rows are `[views · batch]`, view after view. */
export function nst<R extends Reduction = 'mean'>(options: NSTOptions<R> = {}): LossOf<R> {
  checkOptions('nst', options, { reduction: reductionKind })
  return comparingRows('nst', options.reduction ?? ('mean' as R), discrepancies)
}

/** Of each example, `[batch]`. */
function discrepancies(student: tf.Tensor, teacher: tf.Tensor): tf.Tensor1D {
  const [s, t] = sameSize('nst', student, teacher).map(maps =>
    normaliseRows(tf.transpose(places(maps), [0, 2, 1]))
  ) as [tf.Tensor3D, tf.Tensor3D]
  const [, channels, size] = s.shape
  if (size <= Math.min(channels, t.shape[1])) {
    // Σᵢⱼ (aᵢ · bⱼ)² = ⟨AᵀA, BᵀB⟩, so that the three terms are one square.
    // [batch, places, places]
    const together = (x: tf.Tensor3D): tf.Tensor => tf.div(tf.matMul(x, x, true, false), x.shape[1])
    return tf.sum(tf.squaredDifference(together(s), together(t)), [1, 2])
  }
  const alike = (a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor1D => meanOfEach(tf.square(tf.matMul(a, b, false, true)))
  return tf.sub(tf.add(alike(t, t), alike(s, s)), tf.mul(alike(s, t), 2))
}
