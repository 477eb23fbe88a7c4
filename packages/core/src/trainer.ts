import * as tf from '@tensorflow/tfjs-core'
import { climb } from './climb.ts'
import type {
  Batch,
  LossVariables,
  Mode,
  OptimizerState,
  Params,
  Recipe,
  Shape,
  Unit,
  Variables,
  Views
} from './contracts.ts'
import { dispose, own, tensorsOf, type Owned } from './memory.ts'
import { sum } from './merge.ts'
import { randomFrom, type Random } from './random.ts'
import { leaves, withLeaves, type Tree } from './tree.ts'
import { teaches, type TeacherVariables } from './teacher.ts'
import { stageNames } from './stage-names.ts'
import { outputShapeOf, shapesOf, unitsOf, untaught } from './units.ts'
import { walkInParts } from './walk-in-parts.ts'
import { walk, type Learner, type Walk, type Walked } from './window-walk.ts'

/** What a unit has of its own: its head, and what its loss learns and remembers (empty trees for a pure loss). */
export interface UnitState {
  readonly head: Variables
  readonly loss: LossVariables
}

/** The variables of a whole network: its stages from the bottom up, and its heads by the name of their unit. */
export interface NetworkVariables {
  readonly stages: readonly Variables[]
  readonly heads: Readonly<Record<string, Variables>>
}

/** Everything a run is at one moment: a tree of tensors and numbers that can be saved and restored. */
export interface State {
  /** Steps taken so far. */
  readonly step: number
  /** The key of the run's randomness. */
  readonly key: readonly [number, number]
  readonly stages: readonly Variables[]
  readonly units: Readonly<Record<string, UnitState>>
  /** One for each owner: a stage, the head of a unit, its loss. */
  readonly optimizers: {
    readonly stages: readonly OptimizerState[]
    readonly heads: Readonly<Record<string, OptimizerState>>
    readonly losses: Readonly<Record<string, OptimizerState>>
  }
  /** The moving average, when the recipe has a target network; empty otherwise. */
  readonly target: NetworkVariables | Record<string, never>
}

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
  readonly observe?: boolean
}

/** What one backward walk finds, with nothing moved. */
export interface Gradients {
  readonly losses: Readonly<Record<string, tf.Scalar>>
  /** Absent, not zero, for a stage that no unit teaches. */
  readonly stages: readonly (Params | undefined)[]
  readonly heads: Readonly<Record<string, Params>>
  readonly lossParams: Readonly<Record<string, Params>>
}

/** A recipe ready to run. Holds no tensors: everything that changes is in the state. */
export interface Trainer {
  /** The units that learn and the probes, in the order of the isolation, auxiliary units last. */
  readonly units: readonly Unit[]
  /** The shape that enters each stage, and the one that leaves the last, without the batch axis. */
  readonly shapes: readonly Shape[]
  /** What is allowed but should be said, such as a stage that no unit teaches. */
  readonly warnings: readonly string[]
  /** First variables; the same for the same randomness. */
  init(random: Random): Owned<State>
  /** Learns from a batch. Takes the state and gives the next one, or throws and leaves the state as it was. */
  step(state: Owned<State>, batch: Batch, options?: StepOptions): StepResult
  /** The gradients of `units` (all, when left out) learning in one round. */
  gradients(state: State, batch: Batch, units?: readonly Unit[]): Owned<Gradients>
  /** What leaves the first `stages` stages (all, when left out) at inference, `[batch, ...shape]`. */
  encode(state: State, images: tf.Tensor, stages?: number): Owned<tf.Tensor>
  /** A unit's embeddings at inference, `[batch, dim]`. */
  embed(state: State, images: tf.Tensor, unit: Unit): Owned<tf.Tensor2D>
}

export interface TrainerOptions {
  /** The shape of one example, as in `[height, width, channels]`. */
  readonly inputShape: Shape
  /** The weights of the recipe's teacher; only borrowed, for as long as the trainer is used. */
  readonly teacher?: TeacherVariables
  /** How many examples the data set has, for losses that keep a row for each. */
  readonly examples?: number
  /**
   * Learns from a batch in parts of so many examples, with the memory of one part and one more forward pass. The
   * gradient is that of the whole batch, which adding up the gradients of parts is not when a loss compares examples.
   */
  readonly microBatch?: number
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
  if (microBatch !== undefined && (!Number.isInteger(microBatch) || microBatch < 1)) {
    throw new RangeError(
      `createTrainer: expected a microBatch of 1 or more examples, got ${microBatch}. ` +
        'Leave it out to learn from whole batches.'
    )
  }
  const { stages } = recipe.backbone
  const { optimizer, merge = sum(), schedule = units => [units] } = recipe
  const shapes = shapesOf(stages, inputShape)
  const names = stageNames(stages)
  const units = unitsOf(recipe, shapes)
  if (typeof (recipe.optimizer as Partial<Recipe['optimizer']> | undefined)?.init !== 'function')
    throw new TypeError('recipe: expected an optimizer, as in optimizer: adamW({ learningRate: 1e-3 }).')
  const teacher = recipe.teacher && teaches(recipe.teacher, units, inputShape, teacherVariables)
  const probes = units.filter(({ start, end }) => start === end)
  const learning = units.filter(({ start, end }) => start < end)

  const walked = (work: Walk): Walked =>
    microBatch !== undefined && work.batch.views[0].shape[0] > microBatch ? walkInParts(work, microBatch) : walk(work)

  function init(random: Random): Owned<State> {
    return own(() => {
      const variables = stages.map((stage, i) => {
        const { params, buffers } = stage.init(random.split('stage', i), shapes[i]!)
        return { params, buffers }
      })
      const unitStates = byName(units, (unit): UnitState => {
        const { params, buffers } = unit.head.init(random.split('head', unit.name), shapes[unit.end]!)
        const loss =
          typeof unit.loss === 'function'
            ? pure
            : unit.loss.init(random.split('loss', unit.name), {
                embedding: outputShapeOf(unit.head, shapes[unit.end]!),
                ...(teacher && { teacher: teacher.shapeFor(unit) }),
                ...(examples !== undefined && { examples })
              })
        return { head: { params, buffers }, loss }
      })
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
        target: recipe.target === undefined ? {} : copy({ stages: variables, heads })
      }
    })
  }

  function step(state: Owned<State>, batch: Batch, { observe = false }: StepOptions = {}): StepResult {
    checkState(state, 'step')
    checkBatch(batch, inputShape)
    const result = own(() => {
      const mode: Mode = { training: true, random: randomFrom(state.key).split(state.step) }
      const { target, targets } = followTarget(state, batch, mode)
      const shown = shownTo(batch, targets)
      const variables = [...state.stages]
      const unitStates = { ...state.units }
      const optimizers = {
        stages: [...state.optimizers.stages],
        heads: { ...state.optimizers.heads },
        losses: { ...state.optimizers.losses }
      }
      const losses: Record<string, tf.Scalar> = {}
      const seen: Record<string, Views<tf.Tensor2D>> = {}
      const norms: { stages: (tf.Scalar | undefined)[]; heads: Record<string, tf.Scalar> } = { stages: [], heads: {} }
      const remembered = new Set<string>()

      for (const round of roundsOf(state.step)) {
        const learners = round.map((unit): Learner => ({ unit, ...unitStates[unit.name]!, shown: shown(unit) }))
        const { lessons, gradients, buffers, penalties } = walked({
          stages,
          variables,
          learners,
          merge,
          batch,
          mode,
          observe
        })

        gradients.forEach((gradient, i) => {
          const { params } = variables[i]!
          // Statistics move once in a step, however many rounds pass through the stage.
          const once = remembered.has(`stage ${i}`) ? variables[i]!.buffers : (buffers[i] ?? variables[i]!.buffers)
          if (buffers[i] !== undefined) remembered.add(`stage ${i}`)
          if (gradient === undefined) variables[i] = { params, buffers: once }
          else {
            if (observe) norms.stages[i] = normOf(gradient)
            const moved = optimizer.update(gradient, optimizers.stages[i]!, params)
            variables[i] = { params: moved.params, buffers: once }
            optimizers.stages[i] = moved.state
            if (penalties[i] !== undefined) losses[`${names[i]!}.penalty`] = penalties[i]
            free(gradient)
          }
        })
        lessons.forEach(({ loss, headGradients, headBuffers, lossGradients, memory, embeddings }, i) => {
          const { name } = round[i]!
          const before = unitStates[name]!
          if (observe) norms.heads[name] = normOf(headGradients)
          const head = optimizer.update(headGradients, optimizers.heads[name]!, before.head.params)
          const inLoss = optimizer.update(lossGradients, optimizers.losses[name]!, before.loss.params)
          unitStates[name] = {
            head: { params: head.params, buffers: headBuffers },
            loss: { params: inLoss.params, memory }
          }
          optimizers.heads[name] = head.state
          optimizers.losses[name] = inLoss.state
          losses[name] = loss
          if (embeddings !== undefined) seen[name] = embeddings
          free(headGradients)
          free(lossGradients)
        })
      }
      const next: State = {
        step: state.step + 1,
        key: state.key,
        stages: variables,
        units: unitStates,
        optimizers,
        target
      }
      return { state: next, losses, embeddings: seen, gradientNorms: norms }
    })
    const kept = new Set(tensorsOf(result.state).map(({ id }) => id))
    for (const tensor of tensorsOf(state)) if (!kept.has(tensor.id)) tensor.dispose()
    return result as unknown as StepResult
  }

  /** What a unit's loss finds in its batch from other networks. */
  function shownTo(
    batch: Batch,
    targets: Readonly<Record<string, Views<tf.Tensor2D>>>
  ): (unit: Unit) => Pick<Batch, 'targets' | 'teacher'> {
    const lessons = teacher?.show(batch)
    return unit => ({
      ...(targets[unit.name] && { targets: targets[unit.name]! }),
      ...(lessons && { teacher: lessons[unit.name]! })
    })
  }

  function roundsOf(step: number): readonly (readonly Unit[])[] {
    const rounds = schedule(learning, step).filter(({ length }) => length > 0)
    const stranger = rounds.flat().find(unit => !units.includes(unit))
    if (stranger !== undefined) {
      throw new Error(
        `schedule: expected units it was given, got "${stranger.name}". Return the units themselves, ` +
          'arranged in rounds.'
      )
    }
    if (rounds.length === 0)
      throw new Error(`schedule: expected at least one round with a unit at step ${step}, got none.`)
    // Probes teach nothing, so any round will do.
    return [[...rounds[0]!, ...probes], ...rounds.slice(1)]
  }

  /** Moves the target network, then asks it for its embeddings of the batch, for each unit. */
  function followTarget(
    state: State,
    batch: Batch,
    mode: Mode
  ): { target: State['target']; targets: Record<string, Views<tf.Tensor2D>> } {
    if (recipe.target === undefined) return { target: {}, targets: {} }
    const online = { stages: state.stages, heads: byName(units, ({ name }) => state.units[name]!.head) }
    const followed = follow(state.target as NetworkVariables, online, recipe.target.momentum(state.step))
    const { embeddings, stageBuffers, headBuffers } = climb({
      stages,
      variables: followed.stages,
      units,
      heads: followed.heads,
      views: batch.views,
      mode
    })
    return {
      target: {
        stages: followed.stages.map(({ params }, i) => ({ params, buffers: stageBuffers[i]! })),
        heads: byName(units, ({ name }) => ({ params: followed.heads[name]!.params, buffers: headBuffers[name]! }))
      },
      targets: embeddings
    }
  }

  function gradients(state: State, batch: Batch, chosen: readonly Unit[] = units): Owned<Gradients> {
    checkState(state, 'gradients')
    checkBatch(batch, inputShape)
    return own(() => {
      const mode: Mode = { training: true, random: randomFrom(state.key).split(state.step) }
      const { targets } = followTarget(state, batch, mode)
      const shown = shownTo(batch, targets)
      const learners = chosen.map((unit): Learner => ({ unit, ...state.units[unit.name]!, shown: shown(unit) }))
      const { lessons, gradients } = walked({ stages, variables: state.stages, learners, merge, batch, mode })
      return {
        losses: Object.fromEntries(lessons.map(({ loss }, i) => [chosen[i]!.name, loss])),
        stages: gradients,
        heads: Object.fromEntries(lessons.map(({ headGradients }, i) => [chosen[i]!.name, headGradients])),
        lossParams: Object.fromEntries(lessons.map(({ lossGradients }, i) => [chosen[i]!.name, lossGradients]))
      }
    })
  }

  function encode(state: State, images: tf.Tensor, count: number = stages.length): Owned<tf.Tensor> {
    checkState(state, 'encode')
    if (!Number.isInteger(count) || count < 0 || count > stages.length) {
      throw new RangeError(`encode: expected 0 to ${stages.length} stages, got ${count}.`)
    }
    return own(() =>
      stages
        .slice(0, count)
        .reduce<tf.Tensor>(
          (flow, stage, i) => tf.tidy(() => stage.apply(state.stages[i]!, flow, { training: false }).output),
          tf.clone(images)
        )
    )
  }

  function embed(state: State, images: tf.Tensor, unit: Unit): Owned<tf.Tensor2D> {
    return own(
      () =>
        unit.head.apply(state.units[unit.name]!.head, encode(state, images, unit.end), { training: false })
          .output as tf.Tensor2D
    )
  }

  return { units, shapes, warnings: untaught(stages, units), init, step, gradients, encode, embed }
}

const byName = <T>(units: readonly Unit[], make: (unit: Unit) => T): Record<string, T> =>
  Object.fromEntries(units.map(unit => [unit.name, make(unit)]))

const free = (tree: Params): void => dispose(tree as Owned<Params>)

/** Of all numbers of a tree together. */
const normOf = (tree: Params): tf.Scalar =>
  tf.tidy(() =>
    tf.sqrt(leaves(tree).reduce<tf.Scalar>((sum, tensor) => tf.add(sum, tf.sum(tf.square(tensor))), tf.scalar(0)))
  )

/** The variables of a loss that has none. */
const pure: LossVariables = { params: {}, memory: {} }

/** The same tree with tensors of its own, sharing the data. */
const copy = <T>(tree: T): T =>
  withLeaves(
    tree as Tree<tf.Tensor>,
    leaves(tree as Tree<tf.Tensor>).map(tensor => tf.clone(tensor))
  ) as unknown as T

/** The target after one step: its parameters drawn towards the network's, its buffers as they were. */
function follow(target: NetworkVariables, online: NetworkVariables, momentum: number): NetworkVariables {
  const towards = (mine: Variables, theirs: Variables): Variables => {
    const goals = leaves(theirs.params)
    const moved = leaves(mine.params).map((tensor, i) =>
      tf.tidy(() => tf.add(tf.mul(tensor, momentum), tf.mul(goals[i]!, 1 - momentum)))
    )
    return { params: withLeaves(mine.params, moved), buffers: mine.buffers }
  }
  return {
    stages: target.stages.map((variables, i) => towards(variables, online.stages[i]!)),
    heads: Object.fromEntries(
      Object.entries(target.heads).map(([name, head]) => [name, towards(head, online.heads[name]!)])
    )
  }
}

function checkState(state: State, who: string): void {
  if (tensorsOf(state).some(({ isDisposed }) => isDisposed)) {
    throw new Error(
      `${who}: expected a living state, got one that was disposed or that a step already consumed (its step is ` +
        `${state.step}). ` +
        'Go on with the state that step returned: ({ state } = trainer.step(state, batch)).'
    )
  }
}

function checkBatch({ views, labels, indices, mask }: Batch, inputShape: Shape): void {
  if (views.length === 0)
    throw new Error('step: expected a batch with views, got none. Give it { views: [first, second] }.')
  const rows = views[0].shape[0]
  for (const view of views as readonly tf.Tensor[]) {
    if (view.rank !== inputShape.length + 1) {
      throw new Error(
        `step: expected views of shape [batch, ${inputShape.join(', ')}], got [${view.shape.join(', ')}].`
      )
    }
    if (view.shape[0] !== rows) {
      throw new Error(
        'step: expected views of the same examples, got views of ' +
          `${views.map(({ shape }) => shape[0]).join(' and ')}. ` +
          'Row i of every view must show example i.'
      )
    }
  }
  for (const [name, column] of Object.entries({ labels, indices })) {
    if (column !== undefined && (column.rank !== 1 || column.shape[0] !== rows)) {
      throw new Error(
        `step: expected ${name} of shape [${rows}], one for each example, got [${column.shape.join(', ')}].`
      )
    }
  }
  if (mask !== undefined && (mask.shape[0] !== rows || mask.shape[1] !== rows)) {
    throw new Error(
      `step: expected a mask of shape [${rows}, ${rows}], one row and one column for each example, ` +
        `got [${mask.shape.join(', ')}].`
    )
  }
}
