import * as tf from '@tensorflow/tfjs-core'
import { advance } from './advance.ts'
import { begin, type Begun } from './begin.ts'
import type { Batch, Params, Views } from './contracts.ts'
import { learnRound } from './learn-round.ts'
import { totalOf, type Learned } from './learned.ts'
import { dispose, own, tensorsOf, type Owned } from './memory.ts'
import type { Prepared } from './prepared.ts'
import { roundsOf } from './rounds-of.ts'
import type { State } from './state.ts'
import { leaves } from './tree.ts'

/** What a step gives back. */
export interface StepResult {
  readonly state: Owned<State>
  /**
   * The loss of every unit that learned or probed in this step, by name; and `<stage>.penalty` or `<unit>.penalty` of
   * every stage or head that has one.
   */
  readonly losses: Owned<Readonly<Record<string, tf.Scalar>>>
  /** What every unit's head made of each view while learning, when observed; otherwise empty. */
  readonly embeddings: Owned<Readonly<Record<string, Views<tf.Tensor2D>>>>
  /** Euclidean norms of what was learned from, when observed; otherwise empty. */
  readonly gradientNorms: Owned<GradientNorms>
}

/** The length of the gradient of each owner of weights. */
export interface GradientNorms {
  /** Nothing for a stage that no unit taught. */
  readonly stages: readonly (tf.Scalar | undefined)[]
  /** By the name of the unit. */
  readonly heads: Readonly<Record<string, tf.Scalar>>
}

export interface StepOptions {
  /** Gives the embeddings of every unit and the norms of gradients as well, for monitors. */
  readonly observe?: boolean | undefined
}

/** A step: what belongs to it as a whole, and its rounds between that, each in two halves. Takes the state. */
export function step(
  prepared: Prepared,
  state: Owned<State>,
  batch: Batch,
  { observe = false }: StepOptions
): StepResult {
  const { optimizer, schedule, units } = prepared
  const result = own((): StepResult => {
    const begun = begin(prepared, state, batch, undefined)
    const seen = gathering(prepared.names, observe)
    let now: State = state
    for (const round of roundsOf(schedule, units, state.step)) {
      const learned = own(() => learnRound(prepared, now, batch, round, begun, observe))
      seen.add(learned)
      now = advance(optimizer, now, learned, free)
    }
    return { state: ended(now, begun) as Owned<State>, ...seen.found }
  })
  const kept = new Set(tensorsOf(result.state).map(({ id }) => id))
  for (const tensor of tensorsOf(state)) if (!kept.has(tensor.id)) tensor.dispose()
  return result
}

/** The state behind the last round. */
export const ended = (state: State, { target }: Begun): State => ({ ...state, step: state.step + 1, target })

/** What a step says of its rounds. */
function gathering(
  names: readonly string[],
  observe: boolean
): { readonly found: Omit<StepResult, 'state'>; add(learned: Learned): void } {
  const losses: Record<string, tf.Scalar> = {}
  const embeddings: Record<string, Views<tf.Tensor2D>> = {}
  const norms: { stages: (tf.Scalar | undefined)[]; heads: Record<string, tf.Scalar> } = { stages: [], heads: {} }
  return {
    found: {
      losses: losses as Owned<typeof losses>,
      embeddings: embeddings as Owned<typeof embeddings>,
      gradientNorms: norms as Owned<typeof norms>
    },
    add({ stages, units }) {
      stages.forEach((lesson, i) => {
        if (lesson.penalty !== undefined) losses[`${names[i]!}.penalty`] = lesson.penalty.cost
        if (observe && lesson.gradients !== undefined) norms.stages[i] = normOf(totalOf(lesson)!)
      })
      for (const [name, { loss, headGradients: gradients, penalty, embeddings: seen }] of Object.entries(units)) {
        losses[name] = loss
        if (penalty !== undefined) losses[`${name}.penalty`] = penalty.cost
        if (observe) norms.heads[name] = normOf(totalOf({ gradients, penalty })!)
        if (seen !== undefined) embeddings[name] = seen
      }
    }
  }
}

const free = (tree: Params): void => dispose(tree as Owned<Params>)

/** Of all numbers of a tree together. */
const normOf = (tree: Params): tf.Scalar =>
  tf.tidy(() =>
    tf.sqrt(leaves(tree).reduce<tf.Scalar>((sum, tensor) => tf.add(sum, tf.sum(tf.square(tensor))), tf.scalar(0)))
  )
