import {
  checkOptions,
  checkRecipe,
  leaves,
  type Buffers,
  type Params,
  type Recipe,
  type Span,
  type Stage,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

export interface SoftlySharedOptions {
  /** What the squared distance of two copies costs; the paper tries 1e-4, 1e-3 and 1e-2. */
  readonly strength?: number | undefined
}

/**
 * Windows of two stages that share softly: a stage inside two units is two copies, `lower` that of the unit below and
 * `upper` that of the unit above. They begin alike and are tied by a penalty `strength · ‖upper − lower‖²`: at 0
 * nothing ties them; the stronger it is, the more they are the one stage that `overlapping()` shares. Both run forward.
 *
 * What the upper copy makes flows on, what the lower one makes is for the head of its unit. They leave the stage side
 * by side, along the last axis; heads see theirs, a probe in the middle sees both. The lowest stage has no unit below
 * it and the uppermost none above, so that what comes out at the top has the shape that it had.
 *
 *     softlyShared({ ...loco, isolation: overlapping() }, { strength: 1e-3 })
 *
 * @throws TypeError for what is no recipe
 * @throws RangeError if the strength is below 0, or units are not windows of two stages that start at every stage but
 *   the last
 * @see Xiong et al. 2020, section 4.4 and table 5, https://arxiv.org/abs/2008.01342
 */
export function softlyShared<R extends Recipe>(recipe: R, options: SoftlySharedOptions = {}): R {
  checkOptions<SoftlySharedOptions>('softlyShared', options, { strength: 'number' })
  checkRecipe(recipe)
  const { strength = 1e-3 } = options
  if (!(strength >= 0 && strength < Infinity))
    throw new RangeError(`softlyShared: expected a strength of 0 or more, got ${strength}. Try 0.001.`)
  const { backbone, isolation, head } = recipe
  const depth = backbone.stages.length
  checkWindows(isolation(depth), depth)
  /** Whether two copies of a stage flow in at a level. */
  const isDouble = (level: number): boolean => level > 1 && level < depth
  return {
    ...recipe,
    backbone: {
      ...backbone,
      stages: backbone.stages.map((stage, i) => {
        const shared = isDouble(i + 1) ? twoCopies(stage, strength) : stage
        return isDouble(i) ? ofHalf(shared, 'upper') : shared
      }),
      stateDict:
        backbone.stateDict &&
        (stages => backbone.stateDict!(stages.map((both, i) => (isDouble(i + 1) ? copiesIn(both).upper : both))))
    },
    head: (span, shape) => (isDouble(span.end) ? ofHalf(head(span, halved(shape)), 'lower') : head(span, shape))
  }
}

/** Insists that each copy has a unit that teaches it. */
function checkWindows(units: readonly Span[], depth: number): void {
  // A unit of the lowest stage alone leads.
  const other = units.find(({ start, end }) => end - start !== 2 && end > 1)
  const use = 'Use isolation: overlapping().'
  if (other !== undefined)
    throw new RangeError(
      `softlyShared: expected units of two stages, got one from ${other.start} to ${other.end}. ${use}`
    )
  const starts = units.filter(({ end }) => end > 1).map(({ start }) => start)
  const lacking = Array.from({ length: depth - 1 }, (_, start) => start).find(start => !starts.includes(start))
  if (lacking !== undefined)
    throw new RangeError(
      `softlyShared: expected a unit from every stage to the next, got none from ${lacking} to ${lacking + 2}: ` +
        `a copy would learn nothing. ${use}`
    )
}

/** A stage twice, on one input; what they make side by side, `upper` first. */
const twoCopies = (stage: Stage, strength: number): Stage => ({
  name: stage.name,
  init(random, inputShape) {
    const [upper, lower] = [stage.init(random, inputShape), stage.init(random, inputShape)]
    const { outputShape } = upper
    return {
      params: { upper: upper.params, lower: lower.params },
      buffers: { upper: upper.buffers, lower: lower.buffers },
      outputShape: [...outputShape.slice(0, -1), 2 * outputShape.at(-1)!]
    }
  },
  apply(variables, input, mode) {
    const copies = copiesIn(variables)
    const [upper, lower] = [stage.apply(copies.upper, input, mode), stage.apply(copies.lower, input, mode)]
    return {
      output: tf.concat([upper.output, lower.output], -1),
      buffers: { upper: upper.buffers, lower: lower.buffers }
    }
  },
  penalty(variables) {
    const { upper, lower } = copiesIn(variables)
    const others = leaves(lower.params)
    const apart = leaves(upper.params).map((weights, i) => tf.sum(tf.squaredDifference(weights, others[i]!)))
    const own = stage.penalty === undefined ? [] : [stage.penalty(upper), stage.penalty(lower)]
    return tf.addN([tf.scalar(0), ...apart.map(distance => tf.mul(distance, strength)), ...own]) as tf.Scalar
  }
})

/** A stage that sees the copy of one unit, where two come in. */
const ofHalf = (stage: Stage, which: 'upper' | 'lower'): Stage => ({
  ...stage,
  init: (random, inputShape) => stage.init(random, halved(inputShape)),
  apply: (variables, input, mode) => stage.apply(variables, tf.split(input, 2, -1)[which === 'upper' ? 0 : 1]!, mode)
})

const halved = (shape: readonly number[]): readonly number[] => [...shape.slice(0, -1), shape.at(-1)! / 2]

const copiesIn = ({ params, buffers }: Variables): Readonly<Record<'upper' | 'lower', Variables>> => {
  const [learned, remembered] = [params as Named<Params>, buffers as Named<Buffers>]
  return {
    upper: { params: learned.upper!, buffers: remembered.upper! },
    lower: { params: learned.lower!, buffers: remembered.lower! }
  }
}

type Named<T> = Readonly<Record<string, T>>
