import type { Owned, State, Trainer } from '@lapstrake/core'
import type { Experiment } from './experiment.ts'
import type { StepMetrics } from './step-metrics.ts'

/** What a run tells, in the order in which it happens. */
export type RunEvent = Opening | Warning | TeacherStep | Shaders | Step | End

/** The data are being opened: a download, say. */
export interface Opening {
  readonly kind: 'opening'
  /** What is worked at, such as the name of a file. */
  readonly what: string
  readonly done: number
  /** Absent when nobody knows. */
  readonly total?: number | undefined
}

/** What is allowed but should be said. */
export interface Warning {
  readonly kind: 'warning'
  readonly message: string
}

/** A step of what is trained first: a teacher, or what the run begins with. */
export interface TeacherStep {
  readonly kind: 'teacher'
  /** The experiment that is trained. */
  readonly experiment: Experiment
  readonly metrics: StepMetrics
  /**
   * The run as it stands, as a file to be gone on with by `resume`: it goes on with what is trained first.
   *
   * @throws Error once the run has gone on
   */
  save(): Promise<Uint8Array>
}

/** A GPU's shaders are being compiled, before the first step. */
export interface Shaders {
  readonly kind: 'shaders'
  readonly done: number
  readonly total: number
}

/** Where a run stands. The state is borrowed: it is there until the next event is asked for. */
export interface Standing {
  /** To encode and embed with. */
  readonly trainer: Trainer
  readonly state: State
  /**
   * The state, to be kept beyond the loop.
   *
   * @throws Error once the run has gone on
   */
  keep(): Owned<State>
  /**
   * The run as it stands, as a file to be gone on with by `resume`.
   *
   * @throws Error once the run has gone on
   */
  save(): Promise<Uint8Array>
}

/** A step was taken. */
export interface Step extends Standing {
  readonly kind: 'step'
  readonly metrics: StepMetrics
}

/** The last event of a run: it took all its steps, or its signal ended it. */
export interface End extends Standing {
  readonly kind: 'end'
  /** Steps taken, and those of all epochs. */
  readonly step: number
  readonly steps: number
  /** Whether the signal ended it early. */
  readonly interrupted: boolean
}
