import { checkOptions, type Loss, type OptionKinds } from '@lapstrake/core'
import { checkTemperature } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkSameShape, comparing } from './comparing.ts'

export interface KDOptions {
  /** Softens both distributions; the loss is multiplied by its square, so that gradients keep their size. */
  readonly temperature?: number | undefined
}

const kinds: OptionKinds<KDOptions> = { temperature: 'number' }

/**
 * Knowledge distillation: the Kullback-Leibler divergence of the student's softened class probabilities from the
 * teacher's, times `T²`.
 *
 * Takes logits `[batch, classes]`, finite for any size of them. Returns nats, averaged over the batch: 0 when both
 * agree.
 *
 * @throws RangeError if `temperature` is not above 0
 * @throws Error for logits of different shapes
 * @see Hinton et al. 2015, section 2, https://arxiv.org/abs/1503.02531
 */
export function knowledgeDistillation(student: tf.Tensor, teacher: tf.Tensor, options: KDOptions = {}): tf.Scalar {
  checkOptions('knowledgeDistillation', options, kinds)
  const { temperature = 4 } = options
  checkTemperature('kd', temperature)
  checkSameShape('kd', student, teacher)
  const [ours, theirs] = [student, teacher].map(logits => tf.logSoftmax(tf.div(logits, temperature))) as [
    tf.Tensor,
    tf.Tensor
  ]
  const divergence = tf.sum(tf.mul(tf.exp(theirs), tf.sub(theirs, ours)))
  return tf.mul(divergence, temperature ** 2 / student.shape[0]!)
}

/**
 * {@link knowledgeDistillation} for a recipe: the unit's head gives logits, and so does the teacher's. Usual weight:
 * 0.9 beside 0.1 of cross-entropy.
 */
export function kd(options: KDOptions = {}): Loss {
  checkOptions('kd', options, kinds)
  checkTemperature('kd', options.temperature ?? 4)
  return comparing('kd', (student, teacher) => knowledgeDistillation(student, teacher, options))
}
