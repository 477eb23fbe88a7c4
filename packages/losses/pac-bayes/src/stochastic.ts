import {
  checkOptions,
  leaves,
  mapTree,
  namedLeaves,
  withLeaves,
  type Buffers,
  type Params,
  type Random,
  type Stage,
  type Tree,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Objective } from './objectives.ts'
import type { Posterior } from './posterior.ts'

/** The prior's means, which stay, and what the stage itself remembers. */
export type PriorBuffers = {
  readonly prior: Params
  readonly inner: Buffers
}

/** The means of a prior that was trained. */
export interface TrainedPrior {
  readonly params: Params
  /**
   * The examples of the training data that it has seen, from the first up to, not including, the second; or none of
   * them.
   */
  readonly trainedOn: readonly [from: number, to: number] | 'other data'
}

export interface StochasticOptions {
  /** What the distance from the prior costs. Left out, weights are drawn and nothing is paid. */
  readonly objective?: Objective | undefined
  /** Natural logarithm of the deviation that prior and posterior begin with. */
  readonly priorLogStd?: number | undefined
  /** The prior's means; those that the stage is initialised with when left out, which no data have touched. */
  readonly prior?: TrainedPrior | undefined
}

/** A stage whose weights are a distribution. */
export interface StochasticStage extends Stage<Posterior, PriorBuffers> {
  /** The stage that its weights are for. */
  readonly inner: Stage
  readonly prior?: TrainedPrior | undefined
  /** The posterior as the objective allows it to be. */
  posterior(variables: Variables<Posterior, PriorBuffers>): Posterior
  /** One draw of the weights, as variables of the inner stage. */
  draw(variables: Variables<Posterior, PriorBuffers>, random: Random): Variables
}

/** Whether a stage was made by {@link stochastic}. */
export const isStochastic = (stage: Stage): stage is Stage & StochasticStage =>
  typeof stage === 'object' && (stage as Stage | null) !== null && 'draw' in stage && 'posterior' in stage

/**
 * A stage whose weights are a Gaussian posterior: drawn once for each batch while learning, at their mean at inference.
 * The prior has the means that the stage begins with, and one learnt deviation; what the posterior's distance from it
 * costs is the stage's penalty.
 *
 * Any stage will do, but only one without buffers can be certified: running statistics are learnt from the data beside
 * the posterior.
 *
 * @throws TypeError for anything but a stage
 * @throws RangeError if `priorLogStd` is not a finite number
 * @throws Error if a trained prior is not of the stage's form
 * @see Nozawa et al. 2020, section 3.2, https://arxiv.org/abs/1910.04464
 */
export function stochastic(inner: Stage, options: StochasticOptions = {}): StochasticStage {
  checkOptions('stochastic', options, { objective: 'record', priorLogStd: 'number', prior: 'record' })
  const { objective, priorLogStd = -4, prior } = options
  if (typeof inner?.init !== 'function' || typeof inner.apply !== 'function')
    throw new TypeError(
      `stochastic: expected a stage, { name, init, apply }, got ${inner === null ? 'null' : typeof inner}. ` +
        "Give it one of a backbone's stages."
    )
  if (!Number.isFinite(priorLogStd))
    throw new RangeError(`stochastic: expected a finite priorLogStd, got ${priorLogStd}. Try -4.`)
  const constrained = (params: Posterior): Posterior => objective?.constrain(params) ?? params
  const draw = ({ params, buffers }: Variables<Posterior, PriorBuffers>, random: Random): Variables => {
    const { mean, logStd } = constrained(params)
    const deviations = leaves(logStd)
    const weights = namedLeaves(mean).map(({ name, value }, i) =>
      tf.add(value, tf.mul(random.split(name).normal(value.shape), tf.exp(deviations[i]!)))
    )
    return { params: withLeaves(mean, weights), buffers: buffers.inner }
  }
  const stage: StochasticStage = {
    name: inner.name,
    inner,
    prior,
    init(random, inputShape) {
      const { params: first, buffers, outputShape } = inner.init(random, inputShape)
      const mean = prior === undefined ? first : copied(prior.params, first, inner.name)
      const logStd = mapTree(mean as Tree<tf.Tensor>, ({ shape }) => tf.fill(shape, priorLogStd))
      return {
        params: { mean, logStd, priorLogStd: tf.scalar(priorLogStd) },
        buffers: { prior: copied(mean, mean, inner.name), inner: buffers },
        outputShape
      }
    },
    apply(variables, input, mode) {
      const { params, buffers } = variables
      const plain = mode.training
        ? draw(variables, mode.random.split('weights', inner.name))
        : { params: params.mean, buffers: buffers.inner }
      const applied = inner.apply(plain, input, mode)
      return { output: applied.output, buffers: { prior: buffers.prior, inner: applied.buffers } }
    },
    posterior: ({ params }) => constrained(params),
    draw
  }
  if (objective === undefined) return stage
  return {
    ...stage,
    penalty: ({ params, buffers: { prior } }) => objective.penalty({ posterior: constrained(params), prior })
  }
}

/** A tree with tensors of its own. */
function copied(tree: Params, like: Params, name: string): Params {
  const [given, wanted] = [namedLeaves(tree), namedLeaves(like)]
  const differs = wanted.find(
    ({ name, value }, i) => given[i]?.name !== name || given[i].value.shape.join() !== value.shape.join()
  )
  if (given.length !== wanted.length || differs !== undefined) {
    throw new Error(
      `stochastic: expected a prior of the form of stage "${name}", but ${differs?.name ?? 'it has more than that'} ` +
        'differs. Train the prior with the same stage.'
    )
  }
  return withLeaves(
    like,
    given.map(({ value }) => tf.clone(value))
  )
}
