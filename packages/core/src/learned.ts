import * as tf from '@tensorflow/tfjs-core'
import type { Buffers, Params, Unit, Views } from './contracts.ts'
import { copyOf, own, type Owned } from './memory.ts'
import { checkGiven } from './options.ts'
import { leaves, withLeaves } from './tree.ts'
import { mapViews } from './views.ts'
import type { Lesson } from './window-walk.ts'

/** What one round of a step found out, with nothing moved. */
export interface Learned {
  /** One for each stage, from the bottom. */
  readonly stages: readonly StageLesson[]
  /** By the name of the unit. */
  readonly units: Readonly<Record<string, UnitLesson>>
}

/** What parameters cost by themselves, and what that teaches them. */
export interface Penalty {
  readonly cost: tf.Scalar
  readonly gradients: Params
}

/** What a stage was taught. */
export interface StageLesson {
  /** Absent, not zero, where no unit taught it. */
  readonly gradients?: Params | undefined
  /** Absent where nothing passed through it, or where an earlier round of the step moved them. */
  readonly buffers?: Buffers | undefined
  /** Of a stage that has one and is taught, for the first time in the step. */
  readonly penalty?: Penalty | undefined
}

/** What a unit learned: its head and its loss. */
export interface UnitLesson extends Lesson {
  /** Of its head, where that has one. */
  readonly penalty?: Penalty | undefined
}

/** Units that learn from one forward pass. */
export interface Round {
  readonly units: readonly Unit[]
  /**
   * The units of earlier rounds of the step: statistics of the stages that they passed through have moved, and
   * penalties of those that they hold are paid. None when left out.
   */
  readonly earlier?: readonly Unit[] | undefined
}

/** The gradient of all that a stage learns from: its units, and what its parameters cost by themselves. */
export const totalOf = ({ gradients, penalty }: Pick<StageLesson, 'gradients' | 'penalty'>): Params | undefined =>
  gradients === undefined || penalty === undefined ? gradients : sumOf([gradients, penalty.gradients], [1, 1])

/**
 * Joins what was learned in parts of a batch, or by replicas: losses and gradients are added up with `weights` (each
 * `1 / parts.length` when left out), buffers are those of the last part, penalties are owed once, and embeddings lie
 * end to end. It is what the whole batch teaches for losses that are a mean over examples, if the weights are the parts
 * of the examples that count (those with a label), and for stages and heads that take no statistics of a batch, as
 * batch normalisation does. A loss that compares examples sees only those of its part: `microBatch` is the way to the
 * whole.
 *
 * @throws TypeError for what are no parts or no weights
 * @throws RangeError if there are no parts, or not one finite weight for each
 * @throws Error if the parts are of different units, or a loss remembers: memories of parts cannot be joined
 */
export function combine(parts: readonly Learned[], given?: readonly number[]): Owned<Learned> {
  checkGiven('combine', 'parts, as [trainer.learn(…), …]', parts, 'list')
  for (const part of parts) {
    checkGiven('combine', 'a part, as trainer.learn() gives', part, 'record')
    checkGiven('combine', 'a part with stages', part.stages, 'list')
    checkGiven('combine', 'a part with units', part.units, 'record')
  }
  const weights = given ?? parts.map(() => 1 / parts.length)
  checkGiven('combine', 'weights, a number for each part', weights, 'list')
  const last = checkParts(parts, weights)
  return own(() =>
    // What is handed on, such as the buffers of the last part, becomes the caller's own.
    copyOf({
      stages: last.stages.map((_, i): StageLesson => {
        const lessons = parts.map(({ stages }) => stages[i]!)
        const taught = lessons.map(({ gradients }) => gradients)
        return {
          gradients: taught[0] && sumOf(taught as readonly Params[], weights),
          buffers: lessons.map(({ buffers }) => buffers).findLast(buffers => buffers !== undefined),
          penalty: lessons[0]!.penalty
        }
      }),
      units: Object.fromEntries(
        Object.keys(last.units).map(name => [
          name,
          joined(
            parts.map(({ units }) => units[name]!),
            weights
          )
        ])
      )
    })
  )
}

function joined(lessons: readonly UnitLesson[], weights: readonly number[]): UnitLesson {
  const last = lessons.at(-1)!
  const all = lessons.map(({ embeddings }) => embeddings)
  return {
    loss: sumOf(
      lessons.map(({ loss }) => loss),
      weights
    ) as tf.Scalar,
    headGradients: sumOf(
      lessons.map(({ headGradients }) => headGradients),
      weights
    ),
    headBuffers: last.headBuffers,
    lossGradients: sumOf(
      lessons.map(({ lossGradients }) => lossGradients),
      weights
    ),
    memory: last.memory,
    penalty: lessons[0]!.penalty,
    embeddings: last.embeddings && endToEnd(all as readonly Views<tf.Tensor2D>[])
  }
}

const endToEnd = (parts: readonly Views<tf.Tensor2D>[]): Views<tf.Tensor2D> =>
  mapViews(parts[0]!, (_, place) => tf.concat(parts.map(views => views[place]!)))

/** `Σ weight · tree`, leaf by leaf. */
function sumOf(trees: readonly Params[], weights: readonly number[]): Params {
  const scaled = trees.map((tree, i) =>
    leaves(tree).map(tensor => (weights[i] === 1 ? tensor : tf.mul(tensor, weights[i]!)))
  )
  return withLeaves(
    trees[0]!,
    scaled[0]!.map((first, leaf) =>
      scaled.slice(1).reduce<tf.Tensor>((sum, tensors) => tf.add(sum, tensors[leaf]!), first)
    )
  )
}

function checkParts(parts: readonly Learned[], weights: readonly number[]): Learned {
  const [first] = parts
  if (first === undefined) throw new RangeError('combine: expected one part or more, got none.')
  if (weights.length !== parts.length || !weights.every(Number.isFinite)) {
    throw new RangeError(
      `combine: expected ${parts.length} finite weights, one for each part, got ${weights.join(', ') || 'none'}.`
    )
  }
  const formOf = ({ stages, units }: Learned): string => {
    const taught = stages.flatMap(({ gradients }, i) => (gradients ? [i] : [])).join(', ')
    const observed = Object.entries(units).map(([name, { embeddings }]) =>
      embeddings === undefined ? name : `${name} observed in ${embeddings.length} views`
    )
    return `${observed.sort().join(', ')} teaching stages ${taught}`
  }
  const other = parts.find(part => formOf(part) !== formOf(first))
  if (other !== undefined)
    throw new Error(`combine: expected parts of the same units, got ${formOf(first)} and ${formOf(other)}.`)
  for (const [name, { memory }] of Object.entries(first.units)) {
    if (parts.length > 1 && leaves(memory).length > 0) {
      throw new Error(
        `combine: expected losses that remember nothing, but that of "${name}" has a memory, and memories of parts ` +
          'cannot be joined. Learn from the whole batch, with microBatch if it does not fit.'
      )
    }
  }
  return parts.at(-1)!
}
