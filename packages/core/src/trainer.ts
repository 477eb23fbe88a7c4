import * as tf from '@tensorflow/tfjs-core'
import { advance } from './advance.ts'
import { begin, type Begun } from './begin.ts'
import { checkBatch } from './check-batch.ts'
import type { Batch, LossVariables, Mode, Params, Recipe, Shape, Unit, Views } from './contracts.ts'
import { totalOf, type Learned, type Round, type StageLesson } from './learned.ts'
import { copyOf, dispose, own, tensorsOf, type Owned } from './memory.ts'
import { sum } from './merge.ts'
import { networkOf, outputShapeOf, type Network } from './network.ts'
import { penaltyOf } from './penalty-of.ts'
import type { Random } from './random.ts'
import { roundsOf } from './rounds-of.ts'
import { stageNames } from './stage-names.ts'
import { checkState, type State, type UnitState } from './state.ts'
import { teaches, type TeacherVariables } from './teacher.ts'
import { leaves } from './tree.ts'
import { byName, unitsOf, untaught } from './units.ts'
import { walkInParts } from './walk-in-parts.ts'
import { walk, type Learner, type Walk, type Walked } from './window-walk.ts'

/** What a step gives back. */
export interface StepResult {
  readonly state: Owned<State>
  /**
   * The loss of every unit that learned or probed in this step, by name; and `<stage>.penalty` of every stage that has
   * one.
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

export interface LearnOptions {
  /** Who learns: every unit in one round, when left out. */
  readonly round?: Round | undefined
  /** What the step found at its beginning, for its rounds and for this batch; found here when left out. */
  readonly begun?: Begun | undefined
  /** Keeps the embeddings of every unit. */
  readonly observe?: boolean | undefined
}

/**
 * A recipe ready to run. Holds no tensors: everything that changes is in the state.
 *
 * `step` is all that most need. It is made of two halves, for those who learn in parts or on several machines:
 *
 * ```ts
 * const begun = trainer.begin(state, batch)              // the target network moves, the teacher is asked
 * for (const round of trainer.rounds(state.step)) {
 *   const learned = trainer.learn(state, batch, { begun, round })   // gradients; nothing moves
 *   state = trainer.advance(state, learned)                         // the optimizers
 * }
 * state = trainer.end(state, begun)                      // the step is counted
 * ```
 *
 * Of these, only `step` takes the state; the others borrow what they are given.
 */
export interface Trainer {
  /** The backbone, for reading it without this trainer. */
  readonly network: Network
  /** The units that learn and the probes, in the order of the isolation, auxiliary units last. */
  readonly units: readonly Unit[]
  /** What is allowed but should be said, such as a stage that no unit teaches. */
  readonly warnings: readonly string[]
  /** First variables; the same for the same randomness. */
  init(random: Random): Owned<State>
  /** Learns from a batch. Takes the state and gives the next one, or throws and leaves the state as it was. */
  step(state: Owned<State>, batch: Batch, options?: StepOptions): StepResult
  /** The rounds of a step, counted from 0. */
  rounds(step: number): readonly Round[]
  /**
   * What belongs to a step as a whole. For the parts of a batch it begins once each, with their place: parts draw
   * different numbers.
   */
  begin(state: State, batch: Batch, part?: number): Owned<Begun>
  /** What a round of units learns from a batch, with nothing moved. */
  learn(state: State, batch: Batch, options?: LearnOptions): Owned<Learned>
  /** Moves what was taught. */
  advance(state: State, learned: Learned): Owned<State>
  /** Counts the step, and takes the target network as it is after it: of parts, that of the last. */
  end(state: State, begun: Begun): Owned<State>
}

export interface TrainerOptions {
  /** The shape of one example, as in `[height, width, channels]`. */
  readonly inputShape: Shape
  /** The weights of the recipe's teacher; only borrowed, for as long as the trainer is used. */
  readonly teacher?: TeacherVariables | undefined
  /** How many examples the data set has, for losses that keep a row for each. */
  readonly examples?: number | undefined
  /**
   * Learns from a batch in parts of so many examples, with the memory of one part and one more forward pass. The
   * gradient is that of the whole batch, which adding up the gradients of parts is not when a loss compares examples.
   */
  readonly microBatch?: number | undefined
}

/**
 * Makes a recipe ready to run.
 *
 * @throws RangeError if the isolation's spans do not fit the backbone, or microBatch is not a whole number above 0
 * @throws Error if units share a name, or if the recipe has a teacher whose weights were not given
 */
export function createTrainer(
  recipe: Recipe,
  { inputShape, teacher: teacherVariables, examples, microBatch }: TrainerOptions
): Trainer {
  checkMicroBatch(microBatch)
  const { stages } = recipe.backbone
  const { optimizer, merge = sum(), schedule = units => [units] } = recipe
  const network = networkOf(recipe.backbone, inputShape)
  const names = stageNames(stages)
  const units = unitsOf(recipe, network.shapes)
  checkOptimizer(optimizer)
  const teacher = recipe.teacher && teaches(recipe.teacher, units, inputShape, teacherVariables)
  const asked = { stages, units, follows: recipe.target, teacher }

  const walked = (work: Walk): Walked =>
    microBatch !== undefined && work.batch.views[0].shape[0]! > microBatch ? walkInParts(work, microBatch) : walk(work)

  function init(random: Random): Owned<State> {
    return own(() => {
      const variables = network.init(random)
      const unitStates = byName(units, unit => firstUnitState(unit, random))
      const heads = byName(units, ({ name }) => unitStates[name]!.head)
      return {
        step: 0,
        key: random.split('steps').key,
        stages: variables,
        units: unitStates,
        optimizers: {
          stages: variables.map(({ params }) => optimizer.init(params)),
          heads: byName(units, ({ name }) => optimizer.init(heads[name]!.params)),
          losses: byName(units, ({ name }) => optimizer.init(unitStates[name]!.loss.params))
        },
        target: recipe.target === undefined ? {} : copyOf({ stages: variables, heads })
      }
    })
  }

  function firstUnitState(unit: Unit, random: Random): UnitState {
    const shape = network.shapes[unit.end]!
    const { params, buffers } = unit.head.init(random.split('head', unit.name), shape)
    const loss =
      typeof unit.loss === 'function'
        ? pure
        : unit.loss.init(random.split('loss', unit.name), {
            embedding: outputShapeOf(unit.head, shape),
            teacher: teacher?.shapeFor(unit),
            examples
          })
    return { head: { params, buffers }, loss }
  }

  /** Borrows the state where nothing changed: buffers that a stage hands on are still the state's. */
  function learn(
    state: State,
    batch: Batch,
    { units, passed = 0 }: Round,
    { random, shown }: Begun,
    observe: boolean
  ): Learned {
    const mode: Mode = { training: true, random }
    const learners = units.map((unit): Learner => ({ unit, ...state.units[unit.name]!, shown: shown[unit.name] }))
    const found = walked({ stages, variables: state.stages, learners, merge, batch, mode, observe })
    return {
      stages: stages.map((stage, i): StageLesson => {
        const gradients = found.gradients[i]
        return {
          gradients,
          buffers: i < passed ? undefined : found.buffers[i],
          penalty: gradients && penaltyOf(stage, state.stages[i]!)
        }
      }),
      units: Object.fromEntries(found.lessons.map((lesson, i) => [units[i]!.name, lesson]))
    }
  }

  function step(state: Owned<State>, batch: Batch, { observe = false }: StepOptions = {}): StepResult {
    checkState(state, 'step')
    checkBatch(batch, inputShape)
    const result = own((): StepResult => {
      const begun = begin(asked, state, batch, undefined)
      let now: State = state
      const losses: Record<string, tf.Scalar> = {}
      const embeddings: Record<string, Views<tf.Tensor2D>> = {}
      const norms: { stages: (tf.Scalar | undefined)[]; heads: Record<string, tf.Scalar> } = { stages: [], heads: {} }
      for (const round of roundsOf(schedule, units, state.step)) {
        const learned = own(() => learn(now, batch, round, begun, observe))
        learned.stages.forEach((lesson, i) => {
          if (lesson.penalty !== undefined) losses[`${names[i]!}.penalty`] = lesson.penalty.cost
          if (observe && lesson.gradients !== undefined) norms.stages[i] = normOf(totalOf(lesson)!)
        })
        for (const [name, lesson] of Object.entries(learned.units)) {
          losses[name] = lesson.loss
          if (observe) norms.heads[name] = normOf(lesson.headGradients)
          if (lesson.embeddings !== undefined) embeddings[name] = lesson.embeddings
        }
        now = advance(optimizer, now, learned, free)
      }
      return {
        state: ended(now, begun) as Owned<State>,
        losses: losses as Owned<typeof losses>,
        embeddings: embeddings as Owned<typeof embeddings>,
        gradientNorms: norms as Owned<typeof norms>
      }
    })
    const kept = new Set(tensorsOf(result.state).map(({ id }) => id))
    for (const tensor of tensorsOf(state)) if (!kept.has(tensor.id)) tensor.dispose()
    return result
  }

  const ended = (state: State, { target }: Begun): State => ({ ...state, step: state.step + 1, target })

  return {
    network,
    units,
    warnings: untaught(stages, units),
    init,
    step,
    rounds: step => roundsOf(schedule, units, step),
    begin(state, batch, part) {
      checkState(state, 'begin')
      checkBatch(batch, inputShape)
      return own(() => copyOf(begin(asked, state, batch, part)))
    },
    learn(state, batch, { round = { units }, begun, observe = false } = {}) {
      checkState(state, 'learn')
      checkBatch(batch, inputShape)
      return own(() => copyOf(learn(state, batch, round, begun ?? begin(asked, state, batch, undefined), observe)))
    },
    advance(state, learned) {
      checkState(state, 'advance')
      return own(() => copyOf(advance(optimizer, state, learned, () => {})))
    },
    end(state, begun) {
      checkState(state, 'end')
      return own(() => copyOf(ended(state, begun)))
    }
  }
}

function checkMicroBatch(microBatch: number | undefined): void {
  if (microBatch !== undefined && (!Number.isInteger(microBatch) || microBatch < 1)) {
    throw new RangeError(
      `createTrainer: expected a microBatch of 1 or more examples, got ${microBatch}. ` +
        'Leave it out to learn from whole batches.'
    )
  }
}

function checkOptimizer(optimizer: Partial<Recipe['optimizer']> | undefined): void {
  if (typeof optimizer?.init !== 'function')
    throw new TypeError('recipe: expected an optimizer, as in optimizer: adamW({ learningRate: 1e-3 }).')
}

const free = (tree: Params): void => dispose(tree as Owned<Params>)

/** Of all numbers of a tree together. */
const normOf = (tree: Params): tf.Scalar =>
  tf.tidy(() =>
    tf.sqrt(leaves(tree).reduce<tf.Scalar>((sum, tensor) => tf.add(sum, tf.sum(tf.square(tensor))), tf.scalar(0)))
  )

/** The variables of a loss that has none. */
const pure: LossVariables = { params: {}, memory: {} }
