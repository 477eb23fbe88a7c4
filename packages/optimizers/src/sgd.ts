import { checkOptions, fusedOr, type Optimizer, type Params } from '@lapstrake/core'
import { decayed, momentumUpdate } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { checkRange } from './check-range.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { checkRate, rateAt, type LearningRate } from './learning-rate.ts'

export interface SgdOptions {
  readonly learningRate: LearningRate
  readonly momentum?: number | undefined
  /** Looks ahead along the velocity (Sutskever et al. 2013, section 2). Needs a momentum. */
  readonly nesterov?: boolean | undefined
  /** Added to the gradient as `weightDecay · parameter`, before the momentum. */
  readonly weightDecay?: number | undefined
}

/** Updates so far, and the velocity of each parameter; no velocity without momentum. */
export type SgdState = { readonly count: number; readonly velocity: Params }

/**
 * Stochastic gradient descent with momentum: v ← μv + g, p ← p − ηv, as in PyTorch.
 *
 * @throws RangeError for a negative rate or weight decay, or a momentum outside [0, 1)
 */
export function sgd(options: SgdOptions): Optimizer<SgdState> {
  checkOptions<SgdOptions>('sgd', options, {
    learningRate: ['number', 'function'],
    momentum: 'number',
    nesterov: 'boolean',
    weightDecay: 'number'
  })
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options
  checkRate('sgd', learningRate)
  checkRange('sgd', 'a momentum', momentum, 0, 1)
  checkRange('sgd', 'a weight decay', weightDecay, 0, Infinity)
  if (nesterov && momentum === 0)
    throw new RangeError('sgd: expected a momentum above 0 with nesterov, got 0. Try 0.9.')

  return {
    init: params => ({ count: 0, velocity: momentum === 0 ? {} : zerosLike(params) }),
    update(gradients, { count, velocity }, params) {
      const rate = rateAt('sgd', learningRate, count)
      if (momentum === 0) {
        const [moved] = leafwise(
          params,
          (p, g) => [tf.sub(p, tf.mul(decayed(p, g!, weightDecay), rate))] as const,
          gradients
        )
        return { params: moved, state: { count: count + 1, velocity } }
      }
      const [moved, next] = leafwise(
        params,
        (param, gradient, velocity) =>
          fusedOr(
            momentumUpdate,
            { param, gradient: gradient!, velocity: velocity! },
            { momentum, decay: weightDecay, rate, nesterov }
          ),
        gradients,
        velocity
      )
      return { params: moved, state: { count: count + 1, velocity: next } }
    }
  }
}
