import { checkGiven, copyOf, dispose, leaves, own, type Stage, type Variables } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { checkDirection, type Direction } from './divergences.ts'
import type { Posterior } from './posterior.ts'
import { isStochastic, type PriorBuffers, type StochasticStage } from './stochastic.ts'

/** A posterior on the host, in double precision, as far as divergences ask. */
export interface WeighedPosterior {
  /** How far the mean of each weight is from the prior's. */
  readonly shift: Float64Array
  readonly logStd: Float64Array
  readonly priorLogStd: number
}

/**
 * Reads the posterior of a stage's weights.
 *
 * @throws TypeError for another stage than one made by `stochastic`, or without its variables
 */
export async function weighPosterior(
  stage: StochasticStage,
  variables: Variables<Posterior, PriorBuffers>
): Promise<WeighedPosterior> {
  checkGiven('weighPosterior', 'a stage, as in stochastic(conv(…))', stage, 'record')
  if (!isStochastic(stage as StochasticStage & Stage))
    throw new TypeError(
      'weighPosterior: expected a stage made by stochastic(), got another. Give it stochastic(stage).'
    )
  checkGiven('weighPosterior', 'the variables of the stage, as { params, buffers }', variables, 'record')
  checkGiven('weighPosterior', 'params, a record', variables.params, 'record')
  checkGiven('weighPosterior', 'buffers with a prior', variables.buffers?.prior, ['record', 'list'])
  // Clones, for some of the posterior may be the variables themselves.
  const posterior = own(() => copyOf(stage.posterior(variables)))
  const { mean, logStd, priorLogStd } = posterior
  const [means, priors, logStds, deviation] = (await Promise.all(
    [mean, variables.buffers.prior, logStd, priorLogStd].map(numbersOf)
  )) as [Float64Array, Float64Array, Float64Array, Float64Array]
  dispose(posterior)
  return { shift: means.map((value, i) => value - priors[i]!), logStd: logStds, priorLogStd: deviation[0]! }
}

/** @throws TypeError unless it is what {@link weighPosterior} gives */
export function checkPosterior(who: string, posterior: WeighedPosterior): void {
  checkGiven(who, 'a posterior, as weighPosterior() gives', posterior, 'record')
  checkGiven(who, 'a posterior with its shift', posterior.shift, 'list')
  checkGiven(who, 'a posterior with its logStd', posterior.logStd, 'list')
  checkGiven(who, 'a posterior with its priorLogStd', posterior.priorLogStd, 'number')
}

/** `KL(Q‖P)` in nats, with the prior's own deviation or another. */
export function klDivergence(posterior: WeighedPosterior, priorLogStd?: number): number {
  checkPosterior('klDivergence', posterior)
  return klFrom(posterior, priorLogStd ?? posterior.priorLogStd)
}

/** {@link klDivergence} from a prior of this deviation. */
export function klFrom({ shift, logStd }: WeighedPosterior, priorLogStd: number): number {
  const precision = Math.exp(-2 * priorLogStd)
  let sum = 0
  for (let i = 0; i < shift.length; i++) {
    sum += (shift[i]! ** 2 + Math.exp(2 * logStd[i]!)) * precision + 2 * (priorLogStd - logStd[i]!) - 1
  }
  return sum / 2
}

/** `χ²` in the direction asked for; infinite where the deviations do not allow it. */
export function chiSquareDivergence(posterior: WeighedPosterior, direction: Direction, priorLogStd?: number): number {
  checkPosterior('chiSquareDivergence', posterior)
  checkDirection('chiSquareDivergence', direction)
  return chiSquareFrom(posterior, direction, priorLogStd ?? posterior.priorLogStd)
}

/** {@link chiSquareDivergence} from a prior of this deviation. */
export const chiSquareFrom = (posterior: WeighedPosterior, direction: Direction, priorLogStd: number): number =>
  Math.expm1(logChiSquareFrom(posterior, direction, priorLogStd))

/** `ln(1 + χ²)` from a prior of this deviation: a sum over weights, finite where `χ²` is beyond any double. */
export function logChiSquareFrom(
  { shift, logStd }: WeighedPosterior,
  direction: Direction,
  priorLogStd: number
): number {
  let sum = 0
  for (let i = 0; i < shift.length; i++) {
    const [from, to] = direction === 'posterior-prior' ? [logStd[i]!, priorLogStd] : [priorLogStd, logStd[i]!]
    const room = 2 * Math.exp(2 * to) - Math.exp(2 * from)
    if (room <= 0) return Infinity
    sum += 2 * to - from - Math.log(room) / 2 + shift[i]! ** 2 / room
  }
  return sum
}

async function numbersOf(tree: Posterior['mean']): Promise<Float64Array> {
  const parts = await Promise.all(leaves<tf.Tensor>(tree).map(tensor => tensor.data()))
  const all = new Float64Array(parts.reduce((size, { length }) => size + length, 0))
  let place = 0
  for (const part of parts) {
    all.set(part, place)
    place += part.length
  }
  return all
}
