import { checkGiven, checkTensors, leaves } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Posterior } from './posterior.ts'

/** A posterior and the prior it is compared with. */
export interface Compared {
  readonly posterior: Posterior
  /** The prior's means, in the form of the posterior's; its deviation is the posterior's `priorLogStd`. */
  readonly prior: Posterior['mean']
}

/**
 * `KL(Q‖P)` of a Gaussian posterior and prior, in nats. @see Nozawa et al. 2020, section 3.2,
 * https://arxiv.org/abs/1910.04464
 * @throws TypeError for what is no posterior with a prior
 */
export function gaussianKL(compared: Compared): tf.Scalar {
  checkCompared('gaussianKL', compared)
  const { priorLogStd } = compared.posterior
  const precision = tf.exp(tf.mul(priorLogStd, -2))
  return overWeights(compared, (shift, logStd) => {
    const variance = tf.exp(tf.mul(logStd, 2))
    const apart = tf.mul(tf.sum(tf.add(tf.square(shift), variance)), precision)
    const scales = tf.sub(tf.mul(priorLogStd, 2 * logStd.size), tf.mul(tf.sum(logStd), 2))
    return tf.div(tf.sub(tf.add(apart, scales), logStd.size), 2)
  })
}

/**
 * Which of the two distributions χ² is an expectation of: `∫ q²/p − 1` is `posterior-prior`, `∫ p²/q − 1` is
 * `prior-posterior`.
 */
export type Direction = (typeof directions)[number]

export const directions = ['posterior-prior', 'prior-posterior'] as const

/**
 * `log(1 + χ²)` of a Gaussian posterior and prior: `χ²(Q‖P)` as the theorem has it, or `χ²(P‖Q)` as its authors' code
 * does. As a logarithm, for the divergence itself grows beyond float32. Finite while `σ_Q² < 2 σ_P²`, or for the other
 * direction `σ_P² < 2 σ_Q²`.
 *
 * @throws TypeError for what is no posterior with a prior, or no direction
 */
export function logGaussianChiSquare(compared: Compared, direction: Direction): tf.Scalar {
  checkCompared('logGaussianChiSquare', compared)
  checkDirection('logGaussianChiSquare', direction)
  const { priorLogStd } = compared.posterior
  return overWeights(compared, (shift, logStd) => {
    const [from, to] = direction === 'posterior-prior' ? [logStd, priorLogStd] : [priorLogStd, logStd]
    const [variance, other] = [tf.exp(tf.mul(from, 2)), tf.exp(tf.mul(to, 2))]
    const room = tf.sub(tf.mul(other, 2), variance)
    // log( b² / (a √(2b² − a²)) ) + shift² / (2b² − a²)
    const each = tf.add(tf.sub(tf.sub(tf.mul(to, 2), from), tf.div(tf.log(room), 2)), tf.div(tf.square(shift), room))
    return tf.sum(each)
  })
}

/** @throws TypeError unless it is one of the two */
export function checkDirection(who: string, direction: Direction): void {
  if (!directions.includes(direction))
    throw new TypeError(`${who}: expected a direction, got ${String(direction)}. Try '${directions[0]}'.`)
}

/**
 * @throws TypeError unless it is a posterior and a prior
 * @throws Error unless there is a deviation and a prior for each of its tensors
 */
function checkCompared(who: string, compared: Compared): void {
  checkGiven(who, 'a posterior and the means of its prior, as in { posterior, prior }', compared, 'record')
  const { posterior, prior } = compared
  checkGiven(who, 'a posterior, as in { mean, logStd, priorLogStd }', posterior, 'record')
  const [means, logStds, priors] = [posterior.mean, posterior.logStd, prior].map(tree => leaves<tf.Tensor>(tree)) as [
    tf.Tensor[],
    tf.Tensor[],
    tf.Tensor[]
  ]
  checkTensors(who, [...means, ...logStds, ...priors, posterior.priorLogStd])
  if (means.length === 0 || logStds.length !== means.length || priors.length !== means.length) {
    throw new Error(
      `${who}: expected a mean, a deviation and a prior for each tensor of weights, got ${means.length}, ` +
        `${logStds.length} and ${priors.length}.`
    )
  }
}

/** Adds up a divergence over independent weights, tensor by tensor. */
function overWeights(
  { posterior, prior }: Compared,
  each: (shift: tf.Tensor, logStd: tf.Tensor) => tf.Tensor
): tf.Scalar {
  const [priors, logStds] = [leaves(prior), leaves(posterior.logStd)]
  return tf.addN(
    leaves(posterior.mean).map((mean, i) => tf.reshape(each(tf.sub(mean, priors[i]!), logStds[i]!), []))
  ) as tf.Scalar
}
