import { checkOptions, mapTree, withGradient, type Tree } from '@lapstrake/core'
import { checkPositive } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { directions, gaussianKL, logGaussianChiSquare, type Compared, type Direction } from './divergences.ts'
import { checkDelta, checkDependence, gridKinds, largestLogStd, priorGrid, type PriorGrid } from './prior-grid.ts'
import type { Posterior } from './posterior.ts'

/** What a posterior costs for its distance from the prior, and what it must not be. */
export interface Objective {
  /** A scalar, added to the loss. */
  penalty(compared: Compared): tf.Scalar
  /** The nearest posterior for which the penalty is defined. */
  constrain(posterior: Posterior): Posterior
}

export interface KLObjectiveOptions extends PriorGrid {
  /** λ · m: what the divergence is divided by. The number of tuples is a start; smaller holds closer to the prior. */
  readonly inverseTemperature: number
  /** The chance that the bound fails. */
  readonly delta?: number | undefined
}

export interface ChiSquareObjectiveOptions extends PriorGrid {
  /** Tuples in the sample: m. */
  readonly sampleSize: number
  /** How many neighbours on either side a tuple depends on, 0 for none: T. With blocks of contrast data, their size. */
  readonly dependence?: number | undefined
  /** χ²(Q‖P), which the theorem wants, or χ²(P‖Q), which its authors computed. */
  readonly direction?: Direction | undefined
  readonly delta?: number | undefined
}

/**
 * The PAC-Bayes objective for independent tuples: `(KL(Q‖P) + union) / (λ m)`, where
 * `union = 2 ln b + 2 ln(ln c − 2 ln σ_P) + ln(π² / 6δ)` pays for learning the prior's deviation. Add the logistic
 * loss.
 *
 * A surrogate, not itself a bound: for that see `riskCertificate`.
 *
 * @throws RangeError if an option is not above 0, or delta not between 0 and 1
 * @see Nozawa et al. 2020, section 3.2, https://arxiv.org/abs/1910.04464
 */
export function klObjective(options: KLObjectiveOptions): Objective {
  checkOptions('klObjective', options, { ...gridKinds, inverseTemperature: 'number', delta: 'number' })
  const { inverseTemperature, delta = 0.05, ...given } = options
  checkPositive('klObjective', 'inverseTemperature', inverseTemperature, 'Try the number of tuples in the data.')
  checkDelta('klObjective', 'delta', delta)
  const grid = priorGrid('klObjective', given)
  const { precision, largestVariance } = grid
  return {
    constrain: posterior => withPriorBelow(posterior, largestLogStd(grid)),
    penalty(compared) {
      const place = tf.sub(Math.log(largestVariance), tf.mul(compared.posterior.priorLogStd, 2))
      const union = tf.add(tf.mul(tf.log(place), 2), 2 * Math.log(precision) + Math.log(Math.PI ** 2 / (6 * delta)))
      return tf.div(tf.add(gaussianKL(compared), union), inverseTemperature) as tf.Scalar
    }
  }
}

/** How far inside the region where χ² is finite the deviations stay, in units of their logarithm. */
const inside = 1e-4

/**
 * The PAC-Bayes objective for tuples that depend on their neighbours:
 * `π b (ln c − 2 ln σ_P) √( (1 + 4T) (χ² + 1) / (24 m δ) )`. Add the logistic loss.
 *
 * @throws RangeError if an option is out of its range
 * @see Nozawa et al. 2020, section 3.3, https://arxiv.org/abs/1910.04464
 */
export function chiSquareObjective(options: ChiSquareObjectiveOptions): Objective {
  checkOptions('chiSquareObjective', options, {
    ...gridKinds,
    sampleSize: 'number',
    dependence: 'number',
    direction: { among: directions },
    delta: 'number'
  })
  const { sampleSize, dependence = 0, direction = 'posterior-prior', delta = 0.05, ...given } = options
  checkPositive('chiSquareObjective', 'sampleSize', sampleSize, 'Give it the number of tuples.')
  checkDelta('chiSquareObjective', 'delta', delta)
  checkDependence('chiSquareObjective', dependence)
  const grid = priorGrid('chiSquareObjective', given)
  const { precision, largestVariance } = grid
  const room = Math.log(2) / 2 - inside
  return {
    constrain(given) {
      const posterior = withPriorBelow(given, largestLogStd(grid))
      const { priorLogStd } = posterior
      const logStd = mapTree(posterior.logStd as Tree<tf.Tensor>, value =>
        direction === 'posterior-prior'
          ? atMost(value, tf.add(priorLogStd, room))
          : tf.neg(atMost(tf.neg(value), tf.sub(room, priorLogStd)))
      )
      return { ...posterior, logStd }
    },
    penalty(compared) {
      const place = tf.sub(Math.log(largestVariance), tf.mul(compared.posterior.priorLogStd, 2))
      const root = tf.exp(tf.div(logGaussianChiSquare(compared, direction), 2)) // √(χ² + 1)
      const factor = Math.PI * precision * Math.sqrt((1 + 4 * dependence) / (24 * sampleSize * delta))
      return tf.mul(tf.mul(place, root), factor) as tf.Scalar
    }
  }
}

const withPriorBelow = (posterior: Posterior, most: number): Posterior => ({
  ...posterior,
  priorLogStd: atMost(posterior.priorLogStd, tf.scalar(most))
})

/**
 * The smaller of a value and a bound. Beyond the bound a gradient that leads back still passes, so that descent is
 * projected and never stuck; none reaches the bound.
 */
const atMost = <T extends tf.Tensor>(value: T, bound: tf.Tensor): T =>
  withGradient([value, bound], (value, bound) => ({
    value: tf.minimum(value, bound) as T,
    saved: [value, bound],
    gradient: (cotangent, [value, bound]) => [
      tf.where(tf.lessEqual(value!, bound!), cotangent, tf.relu(cotangent)),
      tf.zerosLike(bound!)
    ]
  }))
