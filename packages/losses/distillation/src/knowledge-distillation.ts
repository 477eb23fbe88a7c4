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
import { checkTemperature } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparingRows, flatRows } from './comparing.ts'

export interface KDOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Softens both distributions; the loss is multiplied by its square, so that gradients keep their size. */
  readonly temperature?: number | undefined
}

const kinds: OptionKinds<KDOptions> = { temperature: 'number', reduction: reductionKind }

/**
 * Knowledge distillation: the Kullback-Leibler divergence of the student's softened class probabilities from the
 * teacher's, times `T²`.
 *
 * Takes logits `[batch, classes]`, finite for any size of them. Returns nats, averaged over the batch, `[batch]`: 0
 * when both agree.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error for logits of different shapes
 * @see Hinton et al. 2015, section 2, https://arxiv.org/abs/1503.02531
 */
export function knowledgeDistillation<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: KDOptions<R> = {}
): Reduced<R> {
  checkOptions('knowledgeDistillation', options, kinds)
  const { temperature = 4, reduction = 'mean' as R } = options
  checkTemperature('knowledgeDistillation', temperature)
  return reduced(divergences(student, teacher, temperature), reduction)
}

/**
 * {@link knowledgeDistillation} for a recipe: the unit's head gives logits, and so does the teacher's. Usual weight:
 * 0.9 beside 0.1 of cross-entropy. Rows are `[views · batch]`, view after view.
 */
export function kd<R extends Reduction = 'mean'>(options: KDOptions<R> = {}): LossOf<R> {
  checkOptions('kd', options, kinds)
  const { temperature = 4, reduction = 'mean' as R } = options
  checkTemperature('kd', temperature)
  return comparingRows('kd', reduction, (student, teacher) => divergences(student, teacher, temperature))
}

/** Of each example, `[batch]`. */
function divergences(student: tf.Tensor, teacher: tf.Tensor, temperature: number): tf.Tensor1D {
  checkSameShape('kd', student, teacher)
  const [ours, theirs] = [student, teacher].map(logits => tf.logSoftmax(tf.div(logits, temperature))) as [
    tf.Tensor,
    tf.Tensor
  ]
  return tf.mul(tf.sum(flatRows(tf.mul(tf.exp(theirs), tf.sub(theirs, ours))), 1), temperature ** 2)
}
