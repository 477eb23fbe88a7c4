import type { Owned, State, Trainer } from '@lapstrake/core'
import type { Standing } from './run-events.ts'
import type { StepMetrics } from './step-metrics.ts'
import type { RunOptions } from './run-options.ts'

export interface TrainOptions extends RunOptions {
  /** Called after each step, with where the run stands then. */
  readonly onStep?: ((metrics: StepMetrics, standing: Standing) => void | Promise<void>) | undefined
  /** Called with what is allowed but should be said; written to the console when left out. */
  readonly onWarning?: ((warning: string) => void) | undefined
}

/** What training gives back. */
export interface Trained {
  /** To encode and embed with; a teacher's weights are freed. */
  readonly trainer: Trainer
  readonly state: Owned<State>
  /** Whether the signal ended it early. */
  readonly interrupted: boolean
}
