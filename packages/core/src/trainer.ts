import { advance } from './advance.ts'
import { begin, type Begun } from './begin.ts'
import { checkBatch } from './check-batch.ts'
import { checkBegun, checkLearned, checkLiving, checkPart, checkRound } from './check-halves.ts'
import type { Batch, Recipe, Unit } from './contracts.ts'
import { firstState } from './first-state.ts'
import { learnRound } from './learn-round.ts'
import type { Learned, Round } from './learned.ts'
import { copyOf, own, type Owned } from './memory.ts'
import type { Network } from './network.ts'
import { checkOptions } from './options.ts'
import { prepare, type TrainerOptions } from './prepared.ts'
import type { Random } from './random.ts'
import { roundsOf } from './rounds-of.ts'
import { checkState, type State } from './state.ts'
import { ended, step, type StepOptions, type StepResult } from './step.ts'
import { untaught } from './units.ts'

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
 * const next = own(() => {                                          // frees what is made on the way
 *   const begun = trainer.begin(state, batch)                       // the target network moves, the teacher is asked
 *   let now: State = state
 *   for (const round of trainer.rounds(state.step)) {
 *     const learned = trainer.learn(now, batch, { begun, round })   // gradients; nothing moves
 *     now = trainer.advance(now, learned)                           // the optimizers
 *   }
 *   return trainer.end(now, begun)                                  // the step is counted
 * })
 * dispose(state)
 * ```
 *
 * Of these, only `step` takes the state; the others borrow what they are given, and what they return is the caller's.
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

/**
 * Makes a recipe ready to run.
 *
 * @throws RangeError if the isolation's spans do not fit the backbone, or microBatch is not a whole number above 0
 * @throws TypeError if the recipe lacks a field, or has one of another type
 * @throws Error if units share a name, or if the recipe has a teacher whose weights were not given
 */
export function createTrainer(recipe: Recipe, options: TrainerOptions): Trainer {
  const prepared = prepare(recipe, options)
  const { network, units, optimizer, schedule, inputShape } = prepared
  const depth = recipe.backbone.stages.length
  const check = (who: string, state: State, batch?: Batch): void => {
    checkState(who, state, depth, units)
    if (batch !== undefined) checkBatch(who, batch, inputShape)
  }
  return {
    network,
    units,
    warnings: untaught(recipe.backbone.stages, units),
    init: random => firstState(prepared, random),
    step(state, batch, options = {}) {
      checkOptions<StepOptions>('step', options, { observe: 'boolean' })
      check('step', state, batch)
      return step(prepared, state, batch, options)
    },
    rounds: step => roundsOf(schedule, units, step),
    begin(state, batch, part) {
      check('begin', state, batch)
      checkPart(part)
      return own(() => copyOf(begin(prepared, state, batch, part)))
    },
    learn(state, batch, options = {}) {
      checkOptions<LearnOptions>('learn', options, { round: 'record', begun: 'record', observe: 'boolean' })
      const { round = { units }, begun, observe = false } = options
      check('learn', state, batch)
      checkRound(round, units)
      if (begun !== undefined) checkBegun(begun, batch)
      return own(() =>
        copyOf(learnRound(prepared, state, batch, round, begun ?? begin(prepared, state, batch, undefined), observe))
      )
    },
    advance(state, learned) {
      check('advance', state)
      checkLearned(learned, state)
      return own(() => copyOf(advance(optimizer, state, learned, () => {})))
    },
    end(state, begun) {
      check('end', state)
      checkLiving('end', 'what the step began with', begun)
      return own(() => copyOf(ended(state, begun)))
    }
  }
}
