import { checkOptions, fusedOr, type Optimizer } from '@lapstrake/core'
import { larsUpdate } from '@lapstrake/kernels'
import { checkRange } from './check-range.ts'
import { leafwise, zerosLike } from './leafwise.ts'
import { checkRate, rateAt, type LearningRate } from './learning-rate.ts'
import type { SgdState } from './sgd.ts'

export interface LarsOptions {
  readonly learningRate: LearningRate
  readonly momentum?: number | undefined
  readonly weightDecay?: number | undefined
  /** The trust coefficient η of the paper. */
  readonly trust?: number | undefined
}

/**
 * Layer-wise adaptive rates: v ← μv + η·r·(g + λp), p ← p − v, with the trust ratio r = `trust` · ‖p‖ / ‖g + λp‖
 * (You et al. 2017, algorithm 1, https://arxiv.org/abs/1708.03888; decay and gradient are measured together, as in
 * SimCLR, where the paper adds their lengths).
 *
 * Parameters with one axis or none – biases and normalisation – are neither scaled nor decayed, as in SimCLR
 * (Chen et al. 2020, https://arxiv.org/abs/2002.05709). For zeros in place of p or g + λp, r is 1.
 *
 * @throws RangeError for a negative rate, weight decay or trust, or a momentum outside [0, 1)
 */
export function lars(options: LarsOptions): Optimizer<SgdState> {
  checkOptions<LarsOptions>('lars', options, {
    learningRate: ['number', 'function'],
    momentum: 'number',
    weightDecay: 'number',
    trust: 'number'
  })
  const { learningRate, momentum = 0.9, weightDecay = 1e-6, trust = 0.001 } = options
  checkRate('lars', learningRate)
  checkRange('lars', 'a momentum', momentum, 0, 1)
  checkRange('lars', 'a weight decay', weightDecay, 0, Infinity)
  checkRange('lars', 'a trust coefficient', trust, 0, Infinity)

  return {
    init: params => ({ count: 0, velocity: zerosLike(params) }),
    update(gradients, { count, velocity }, params) {
      const rate = rateAt('lars', learningRate, count)
      const [moved, next] = leafwise(
        params,
        (param, gradient, velocity) => {
          const adapts = param.rank > 1
          return fusedOr(
            larsUpdate,
            { param, gradient: gradient!, velocity: velocity! },
            { momentum, decay: adapts ? weightDecay : 0, rate, trust, adapts }
          )
        },
        gradients,
        velocity
      )
      return { params: moved, state: { count: count + 1, velocity: next } }
    }
  }
}
