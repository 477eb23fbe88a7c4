import { advance } from './advance.ts'
import { begin, type Begun } from './begin.ts'
import { checkBatch } from './check-batch.ts'
import type { Batch, Recipe, Unit } from './contracts.ts'
import { firstState } from './first-state.ts'
import { learnRound } from './learn-round.ts'
import type { Learned, Round } from './learned.ts'
import { copyOf, own, type Owned } from './memory.ts'
import type { Network } from './network.ts'
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

/**
 * Makes a recipe ready to run.
 *
 * @throws RangeError if the isolation's spans do not fit the backbone, or microBatch is not a whole number above 0
 * @throws Error if units share a name, or if the recipe has a teacher whose weights were not given
 */
export function createTrainer(recipe: Recipe, options: TrainerOptions): Trainer {
  const prepared = prepare(recipe, options)
  const { network, units, optimizer, schedule, inputShape } = prepared
  const check = (who: string, state: State, batch?: Batch): void => {
    checkState(state, who)
    if (batch !== undefined) checkBatch(batch, inputShape)
  }
  return {
    network,
    units,
    warnings: untaught(recipe.backbone.stages, units),
    init: random => firstState(prepared, random),
    step(state, batch, options = {}) {
      check('step', state, batch)
      return step(prepared, state, batch, options)
    },
    rounds: step => roundsOf(schedule, units, step),
    begin(state, batch, part) {
      check('begin', state, batch)
      return own(() => copyOf(begin(prepared, state, batch, part)))
    },
    learn(state, batch, { round = { units }, begun, observe = false } = {}) {
      check('learn', state, batch)
      return own(() =>
        copyOf(learnRound(prepared, state, batch, round, begun ?? begin(prepared, state, batch, undefined), observe))
      )
    },
    advance(state, learned) {
      check('advance', state)
      return own(() => copyOf(advance(optimizer, state, learned, () => {})))
    },
    end(state, begun) {
      check('end', state)
      return own(() => copyOf(ended(state, begun)))
    }
  }
}
