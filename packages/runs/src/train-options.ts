import type { OnShaders } from '@lapstrake/backend-webgpu'
import type { Owned, State, Trainer } from '@lapstrake/core'
import type { StepMetrics } from './step-metrics.ts'

export interface TrainOptions {
  /** Decides first weights, the order of the examples and every augmentation. */
  readonly seed?: number | undefined
  /**
   * Called after each step with a state that is only borrowed. `save` gives the run as it stands, to be gone on with by
   * `resume`.
   */
  readonly onStep?:
    | ((metrics: StepMetrics, state: State, save: () => Promise<Uint8Array>) => void | Promise<void>)
    | undefined
  /** A saved run to go on with, of the same experiment, seed and data: its next losses are those it would have had. */
  readonly resume?: Uint8Array | undefined
  /**
   * Goes on with a run although the experiment, seed or data are not those it was begun with, and tells what differs
   * through `onWarning`.
   */
  readonly force?: boolean | undefined
  /** The same for the steps of a teacher that is trained first. */
  readonly onTeacherStep?: ((metrics: StepMetrics) => void | Promise<void>) | undefined
  /** Called while a GPU's shaders compile, before the first step. */
  readonly onWarmUp?: OnShaders | undefined
  /** Diagnoses units and stages each so many steps, and at the last; 0 for never. */
  readonly diagnoseEvery?: number | undefined
  /**
   * Called with what is allowed but should be said: before the first step, and once for each unit that has collapsed.
   */
  readonly onWarning?: ((warning: string) => void) | undefined
  /** Ends training after the step under way, and its `onStep`. */
  readonly signal?: AbortSignal | undefined
}

/** What training gives back. */
export interface Trained {
  /** To encode and embed with; a teacher's weights are freed. */
  readonly trainer: Trainer
  readonly state: Owned<State>
  /** Whether the signal ended it early. */
  readonly interrupted: boolean
}
