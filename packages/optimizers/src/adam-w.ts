import { fusedOr, type Optimizer, type Params } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkRange } from './check-range.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { checkRate, rateAt, type LearningRate } from './learning-rate.ts'

export interface AdamWOptions {
  readonly learningRate: LearningRate
  /** How much of the first moment stays at each update. */
  readonly beta1?: number | undefined
  /** How much of the second moment stays at each update. */
  readonly beta2?: number | undefined
  readonly epsilon?: number | undefined
  /** Shrinks parameters by `learningRate · weightDecay` at each update, apart from the gradient. */
  readonly weightDecay?: number | undefined
}

/** Updates so far, and the two moments of each parameter's gradient. */
export type AdamWState = { readonly count: number; readonly first: Params; readonly second: Params }

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101).
 *
 * @throws RangeError for a negative rate, epsilon or weight decay, or a beta outside [0, 1)
 */
export function adamW({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0.01
}: AdamWOptions): Optimizer<AdamWState> {
  checkRate('adamW', learningRate)
  checkRange('adamW', 'beta1', beta1, 0, 1)
  checkRange('adamW', 'beta2', beta2, 0, 1)
  checkRange('adamW', 'an epsilon', epsilon, 0, Infinity)
  checkRange('adamW', 'a weight decay', weightDecay, 0, Infinity)

  return {
    init: params => ({ count: 0, first: zerosLike(params), second: zerosLike(params) }),
    update(gradients, { count, first, second }, params) {
      const rate = rateAt('adamW', learningRate, count)
      const unbiased1 = 1 - beta1 ** (count + 1)
      const unbiased2 = 1 - beta2 ** (count + 1)
      const attrs = {
        beta1,
        beta2,
        epsilon,
        kept: 1 - rate * weightDecay,
        rate: rate / unbiased1,
        unbiased: 1 / unbiased2
      }
      const [moved, next1, next2] = leafwise(
        params,
        (param, gradient, m, v) =>
          fusedOr(
            'AdamWUpdate',
            { param, gradient: gradient!, first: m!, second: v! },
            () => {
              const m1 = tf.add(tf.mul(m!, beta1), tf.mul(gradient!, 1 - beta1))
              const v1 = tf.add(tf.mul(v!, beta2), tf.mul(tf.square(gradient!), 1 - beta2))
              const step = tf.div(m1, tf.add(tf.sqrt(tf.div(v1, unbiased2)), epsilon))
              return [tf.sub(tf.mul(param, attrs.kept), tf.mul(step, attrs.rate)), m1, v1]
            },
            attrs
          ) as [tf.Tensor, tf.Tensor, tf.Tensor],
        gradients,
        first,
        second
      )
      return { params: moved, state: { count: count + 1, first: next1, second: next2 } }
    }
  }
}
