import type { LossVariables, OptimizerState, Unit, Variables } from './contracts.ts'
import { tensorsOf } from './memory.ts'

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

/**
 * Insists on a living state of a network of `depth` stages with these units.
 *
 * @throws Error if any of its tensors was freed, or it is the state of another recipe
 */
export function checkState(who: string, state: State, depth: number, units: readonly Unit[]): void {
  if (tensorsOf(state).some(({ isDisposed }) => isDisposed)) {
    throw new Error(
      `${who}: expected a living state, got one that was disposed or that a step already consumed (its step is ` +
        `${state.step}). ` +
        'Go on with the state that step returned: ({ state } = trainer.step(state, batch)).'
    )
  }
  const stranger = units.find(({ name }) => state.units?.[name] === undefined)
  if (state.stages?.length !== depth || stranger !== undefined) {
    throw new Error(
      `${who}: expected a state of ${depth} stages with the units ${units.map(({ name }) => name).join(', ')}, ` +
        'got one ' +
        `of ${state.stages?.length ?? 'no'} stages with ${Object.keys(state.units ?? {}).join(', ') || 'none'}. ` +
        "Begin with this trainer's init."
    )
  }
}
