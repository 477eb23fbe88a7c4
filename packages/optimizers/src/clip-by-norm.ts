import { checkOptions, leaves, withLeaves, type Optimizer, type OptimizerState } from '@lapstrake/core'
import { length } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'

export interface ClipByNormOptions {
  /** The greatest length of an owner's gradient, over all its parameters together. */
  readonly maxNorm: number
}

/**
 * Shortens gradients longer than `maxNorm` before the optimizer sees them; one length for each owner
 * (Pascanu et al. 2013, algorithm 1, https://arxiv.org/abs/1211.5063). Reads nothing back to the host.
 *
 * @throws TypeError for what is no optimizer
 * @throws RangeError if `maxNorm` is not above 0
 */
export function clipByNorm<S extends OptimizerState>(
  optimizer: Optimizer<S>,
  options: ClipByNormOptions
): Optimizer<S> {
  checkOptions<ClipByNormOptions>('clipByNorm', options, { maxNorm: 'number' })
  if (typeof (optimizer as Partial<Optimizer> | undefined)?.update !== 'function')
    throw new TypeError(
      'clipByNorm: expected an optimizer, as in clipByNorm(sgd({ learningRate: 0.1 }), { maxNorm: 1 }).'
    )
  const { maxNorm } = options
  if (!(maxNorm > 0)) throw new RangeError(`clipByNorm: expected a maxNorm above 0, got ${maxNorm}. Try 1.`)
  return {
    init: params => optimizer.init(params),
    update(gradients, state, params) {
      const parts = leaves(gradients)
      const factor = tf.minimum(1, tf.div(maxNorm, tf.add(length(...parts), 1e-6)))
      return optimizer.update(
        withLeaves(
          gradients,
          parts.map(part => tf.mul(part, factor))
        ),
        state,
        params
      )
    }
  }
}
