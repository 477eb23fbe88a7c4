import * as tf from '@tensorflow/tfjs-core'
import type { Batch, Buffers, Mode, OptimizerState, Params, Recipe, Shape, Unit, Variables, Views } from './contracts.ts'
import { dispose, own, tensorsOf, type Owned } from './memory.ts'
import { sum } from './merge.ts'
import { randomFrom, type Random } from './random.ts'
import { leaves, withLeaves, type Tree } from './tree.ts'
import { shapesOf, unitsOf, untaught } from './units.ts'
import { foldViews } from './views.ts'
import { applyToFlow, walk, type Learner } from './window-walk.ts'

/** A head and what its unit's loss remembers. */
export interface UnitState {
  readonly head: Variables
  readonly memory: Buffers
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
  /** One for each owner: a stage, or the head of a unit. */
  readonly optimizers: {
    readonly stages: readonly OptimizerState[]
    readonly heads: Readonly<Record<string, OptimizerState>>
  }
  /** The moving average, when the recipe has a target network; empty otherwise. */
  readonly target: NetworkVariables | Record<string, never>
}

/** What a step gives back. */
export interface StepResult {
  readonly state: Owned<State>
  /** The loss of every unit that learned or probed in this step, by name. */
  readonly losses: Owned<Readonly<Record<string, tf.Scalar>>>
}

/** What one backward walk finds, with nothing moved. */
export interface Gradients {
  readonly losses: Readonly<Record<string, tf.Scalar>>
  /** Absent, not zero, for a stage that no unit teaches. */
  readonly stages: readonly (Params | undefined)[]
  readonly heads: Readonly<Record<string, Params>>
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
  step(state: Owned<State>, batch: Batch): StepResult
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
}

/**
 * Makes a recipe ready to run.
 *
 * @throws RangeError if the isolation's spans do not fit the backbone
 * @throws Error if a head does not give one row of numbers for each example, or if units share a name
 */
export function createTrainer(recipe: Recipe, { inputShape }: TrainerOptions): Trainer {
  const { stages } = recipe.backbone
  const { optimizer, merge = sum(), schedule = units => [units] } = recipe
  const shapes = shapesOf(stages, inputShape)
  const { units, dims } = unitsOf(recipe, shapes)
  const probes = units.filter(({ start, end }) => start === end)
  const learning = units.filter(({ start, end }) => start < end)

  function init(random: Random): Owned<State> {
    return own(() => {
      const variables = stages.map((stage, i) => {
        const { params, buffers } = stage.init(random.split('stage', i), shapes[i]!)
        return { params, buffers }
      })
      const unitStates = byName(units, (unit): UnitState => {
        const { params, buffers } = unit.head.init(random.split('head', unit.name), shapes[unit.end]!)
        const memory = typeof unit.loss === 'function' ? {} : unit.loss.init(random.split('loss', unit.name), dims.get(unit)!)
        return { head: { params, buffers }, memory }
      })
      const heads = byName(units, ({ name }) => unitStates[name]!.head)
      return {
        step: 0,
        key: random.split('steps').key,
        stages: variables,
        units: unitStates,
        optimizers: {
          stages: variables.map(({ params }) => optimizer.init(params)),
          heads: byName(units, ({ name }) => optimizer.init(heads[name]!.params))
        },
        target: recipe.target === undefined ? {} : copy({ stages: variables, heads })
      }
    })
  }

  function step(state: Owned<State>, batch: Batch): StepResult {
    checkState(state, 'step')
    checkBatch(batch, inputShape)
    const result = own(() => {
      const mode: Mode = { training: true, random: randomFrom(state.key).split(state.step) }
      const { target, targets } = followTarget(state, batch, mode)
      const variables = [...state.stages]
      const unitStates = { ...state.units }
      const stageOptimizers = [...state.optimizers.stages]
      const headOptimizers = { ...state.optimizers.heads }
      const losses: Record<string, tf.Scalar> = {}
      const remembered = new Set<string>()

      for (const round of roundsOf(state.step)) {
        const learners = round.map((unit): Learner => {
          const seen = targets[unit.name]
          return { unit, ...unitStates[unit.name]!, ...(seen && { targets: seen }) }
        })
        const { lessons, gradients, buffers } = walk({ stages, variables, learners, merge, batch, mode })

        gradients.forEach((gradient, i) => {
          const { params } = variables[i]!
          // Statistics move once in a step, however many rounds pass through the stage.
          const once = remembered.has(`stage ${i}`) ? variables[i]!.buffers : buffers[i] ?? variables[i]!.buffers
          if (buffers[i] !== undefined) remembered.add(`stage ${i}`)
          if (gradient === undefined) variables[i] = { params, buffers: once }
          else {
            const moved = optimizer.update(gradient, stageOptimizers[i]!, params)
            variables[i] = { params: moved.params, buffers: once }
            stageOptimizers[i] = moved.state
            free(gradient)
          }
        })
        lessons.forEach(({ loss, headGradients, headBuffers, memory }, i) => {
          const { name } = round[i]!
          const { params } = unitStates[name]!.head
          const moved = optimizer.update(headGradients, headOptimizers[name]!, params)
          unitStates[name] = { head: { params: moved.params, buffers: headBuffers }, memory }
          headOptimizers[name] = moved.state
          losses[name] = loss
          free(headGradients)
        })
      }
      const next: State = {
        step: state.step + 1, key: state.key, stages: variables, units: unitStates,
        optimizers: { stages: stageOptimizers, heads: headOptimizers }, target
      }
      return { state: next, losses }
    })
    const kept = new Set(tensorsOf(result.state).map(({ id }) => id))
    for (const tensor of tensorsOf(state)) if (!kept.has(tensor.id)) tensor.dispose()
    return result as unknown as StepResult
  }

  function roundsOf(step: number): readonly (readonly Unit[])[] {
    const rounds = schedule(learning, step).filter(({ length }) => length > 0)
    const stranger = rounds.flat().find(unit => !units.includes(unit))
    if (stranger !== undefined) {
      throw new Error(`schedule: expected units it was given, got "${stranger.name}". Return the units themselves, arranged in rounds.`)
    }
    if (rounds.length === 0) throw new Error(`schedule: expected at least one round with a unit at step ${step}, got none.`)
    // Probes teach nothing, so any round will do.
    return [[...rounds[0]!, ...probes], ...rounds.slice(1)]
  }

  /** Moves the target network, then asks it for its embeddings of the batch, for each unit. */
  function followTarget(state: State, batch: Batch, mode: Mode): { target: State['target']; targets: Record<string, Views<tf.Tensor2D>> } {
    if (recipe.target === undefined) return { target: {}, targets: {} }
    const online = { stages: state.stages, heads: byName(units, ({ name }) => state.units[name]!.head) }
    const followed = follow(state.target as NetworkVariables, online, recipe.target.momentum(state.step))
    return own(() => {
      const { folded, unfold } = foldViews(batch.views)
      const heads = { ...followed.heads }
      const targets: Record<string, Views<tf.Tensor2D>> = {}
      let flow = folded
      const read = (level: number): void => {
        for (const { name, head } of units.filter(({ end }) => end === level)) {
          const { outputs, aux } = applyToFlow(head, heads[name]!, flow, mode)
          heads[name] = { params: heads[name]!.params, buffers: aux }
          targets[name] = unfold(outputs) as Views<tf.Tensor2D>
        }
      }
      const moved = followed.stages.map((variables, i) => {
        read(i)
        const { outputs, aux } = applyToFlow(stages[i]!, variables, flow, mode)
        flow = outputs
        return { params: variables.params, buffers: aux }
      })
      read(stages.length)
      return { target: { stages: moved, heads }, targets }
    })
  }

  function gradients(state: State, batch: Batch, chosen: readonly Unit[] = units): Owned<Gradients> {
    checkState(state, 'gradients')
    checkBatch(batch, inputShape)
    return own(() => {
      const mode: Mode = { training: true, random: randomFrom(state.key).split(state.step) }
      const learners = chosen.map((unit): Learner => ({ unit, ...state.units[unit.name]! }))
      const { lessons, gradients } = walk({ stages, variables: state.stages, learners, merge, batch, mode })
      return {
        losses: Object.fromEntries(lessons.map(({ loss }, i) => [chosen[i]!.name, loss])),
        stages: gradients,
        heads: Object.fromEntries(lessons.map(({ headGradients }, i) => [chosen[i]!.name, headGradients]))
      }
    })
  }

  function encode(state: State, images: tf.Tensor, count: number = stages.length): Owned<tf.Tensor> {
    checkState(state, 'encode')
    if (!Number.isInteger(count) || count < 0 || count > stages.length) {
      throw new RangeError(`encode: expected 0 to ${stages.length} stages, got ${count}.`)
    }
    return own(() => stages.slice(0, count).reduce<tf.Tensor>(
      (flow, stage, i) => tf.tidy(() => stage.apply(state.stages[i]!, flow, { training: false }).output), tf.clone(images)))
  }

  function embed(state: State, images: tf.Tensor, unit: Unit): Owned<tf.Tensor2D> {
    return own(() => unit.head.apply(
      state.units[unit.name]!.head, encode(state, images, unit.end), { training: false }).output as tf.Tensor2D)
  }

  return { units, shapes, warnings: untaught(stages, units), init, step, gradients, encode, embed }
}

const byName = <T>(units: readonly Unit[], make: (unit: Unit) => T): Record<string, T> =>
  Object.fromEntries(units.map(unit => [unit.name, make(unit)]))

const free = (tree: Params): void => dispose(tree as Owned<Params>)

/** The same tree with tensors of its own, sharing the data. */
const copy = <T>(tree: T): T =>
  withLeaves(tree as Tree<tf.Tensor>, leaves(tree as Tree<tf.Tensor>).map(tensor => tf.clone(tensor))) as unknown as T

/** The target after one step: its parameters drawn towards the network's, its buffers as they were. */
function follow(target: NetworkVariables, online: NetworkVariables, momentum: number): NetworkVariables {
  const towards = (mine: Variables, theirs: Variables): Variables => {
    const goals = leaves(theirs.params)
    const moved = leaves(mine.params).map((tensor, i) =>
      tf.tidy(() => tf.add(tf.mul(tensor, momentum), tf.mul(goals[i]!, 1 - momentum))))
    return { params: withLeaves(mine.params, moved), buffers: mine.buffers }
  }
  return {
    stages: target.stages.map((variables, i) => towards(variables, online.stages[i]!)),
    heads: Object.fromEntries(Object.entries(target.heads).map(([name, head]) => [name, towards(head, online.heads[name]!)]))
  }
}

function checkState(state: State, who: string): void {
  if (tensorsOf(state).some(({ isDisposed }) => isDisposed)) {
    throw new Error(
      `${who}: expected a living state, got one that was disposed or that a step already consumed (its step is ${state.step}). ` +
      'Go on with the state that step returned: ({ state } = trainer.step(state, batch)).')
  }
}

function checkBatch({ views, labels, indices }: Batch, inputShape: Shape): void {
  if (views.length === 0) throw new Error('step: expected a batch with views, got none. Give it { views: [first, second] }.')
  const rows = views[0].shape[0]
  for (const view of views as readonly tf.Tensor[]) {
    if (view.rank !== inputShape.length + 1) {
      throw new Error(`step: expected views of shape [batch, ${inputShape.join(', ')}], got [${view.shape.join(', ')}].`)
    }
    if (view.shape[0] !== rows) {
      throw new Error(
        `step: expected views of the same examples, got views of ${views.map(({ shape }) => shape[0]).join(' and ')}. ` +
        'Row i of every view must show example i.')
    }
  }
  for (const [name, column] of Object.entries({ labels, indices })) {
    if (column !== undefined && (column.rank !== 1 || column.shape[0] !== rows)) {
      throw new Error(`step: expected ${name} of shape [${rows}], one for each example, got [${column.shape.join(', ')}].`)
    }
  }
}
