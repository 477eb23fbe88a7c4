import { checkOptions, fusedOr, type Optimizer, type Params } from '@lapstrake/core'
import { adamWUpdate } from '@lapstrake/kernels'
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
export function adamW(options: AdamWOptions): Optimizer<AdamWState> {
  checkOptions<AdamWOptions>('adamW', options, {
    learningRate: ['number', 'function'],
    beta1: 'number',
    beta2: 'number',
    epsilon: 'number',
    weightDecay: 'number'
  })
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options
  checkRate('adamW', learningRate)
  checkRange('adamW', 'beta1', beta1, 0, 1)
  checkRange('adamW', 'beta2', beta2, 0, 1)
  checkRange('adamW', 'an epsilon', epsilon, 0, Infinity)
  checkRange('adamW', 'a weight decay', weightDecay, 0, Infinity)

  return {
    init: params => ({ count: 0, first: zerosLike(params), second: zerosLike(params) }),
    update(gradients, { count, first, second }, params) {
      const rate = rateAt('adamW', learningRate, count)
      const attributes = {
        beta1,
        beta2,
        epsilon,
        kept: 1 - rate * weightDecay,
        rate: rate / (1 - beta1 ** (count + 1)),
        unbiased: 1 - beta2 ** (count + 1)
      }
      const [moved, next1, next2] = leafwise(
        params,
        (param, gradient, first, second) =>
          fusedOr(adamWUpdate, { param, gradient: gradient!, first: first!, second: second! }, attributes),
        gradients,
        first,
        second
      )
      return { params: moved, state: { count: count + 1, first: next1, second: next2 } }
    }
  }
}
