import type { Optimizer } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { leafwise, zerosLike } from './leafwise.ts'
import { checkRange, checkRate, rateAt, type LearningRate } from './learning-rate.ts'
import type { SgdState } from './sgd.ts'

export interface LarsOptions {
  readonly learningRate: LearningRate
  readonly momentum?: number
  readonly weightDecay?: number
  /** The trust coefficient η of the paper. */
  readonly trust?: number
}

/**
 * Layer-wise adaptive rates: the gradient with its weight decay is scaled by `trust · ‖p‖ / ‖g + λp‖` before the momentum
 * (You et al. 2017, https://arxiv.org/abs/1708.03888, with the decay inside the norm as in SimCLR's and PyTorch's practice).
 *
 * Parameters with one axis or none – biases and normalisation – are neither scaled nor decayed, as in SimCLR
 * (Chen et al. 2020, appendix B.6). A parameter or gradient of zeros keeps the ratio 1.
 *
 * @throws RangeError for a negative rate, weight decay or trust, or a momentum outside [0, 1)
 */
export function lars({ learningRate, momentum = 0.9, weightDecay = 1e-6, trust = 0.001 }: LarsOptions): Optimizer<SgdState> {
  checkRate('lars', learningRate)
  checkRange('lars', 'a momentum', momentum, 0, 1)
  checkRange('lars', 'a weight decay', weightDecay, 0, Infinity)
  checkRange('lars', 'a trust coefficient', trust, 0, Infinity)

  return {
    init: params => ({ count: 0, velocity: zerosLike(params) }),
    update(gradients, { count, velocity }, params) {
      const rate = rateAt(learningRate, count)
      const [moved, next] = leafwise(params, (p, g, v) => {
        const faster = tf.add(tf.mul(v!, momentum), p.rank <= 1 ? g! : adapted(p, g!, weightDecay, trust))
        return [tf.sub(p, tf.mul(faster, rate)), faster] as const
      }, gradients, velocity)
      return { params: moved, state: { count: count + 1, velocity: next } }
    }
  }
}

function adapted(param: tf.Tensor, gradient: tf.Tensor, weightDecay: number, trust: number): tf.Tensor {
  const decayed = tf.add(gradient, tf.mul(param, weightDecay))
  const length = tf.norm(param)
  const slope = tf.norm(decayed)
  const ratio = tf.divNoNan(tf.mul(length, trust), slope)
  const defined = tf.logicalAnd(tf.greater(length, 0), tf.greater(slope, 0))
  return tf.mul(decayed, tf.where(defined, ratio, tf.onesLike(ratio)))
}
