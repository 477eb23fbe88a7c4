import type { RunDirectory, RunOptions } from '@lapstrake/runs/node'
import type { BackendChoice, Dataset, Experiment, StepMetrics } from 'lapstrake'

/** What `train` works with, however it begins. */
export interface Beginning {
  readonly experiment: Experiment
  readonly dataset: Dataset
  readonly seed: number
  readonly backend: BackendChoice
  readonly run: RunDirectory
  /** Where the run is to lie. */
  readonly place: string
  readonly resume?: Uint8Array | undefined
  readonly force: boolean
  /** Whether its folder is new, and of no worth to anybody before a first step. */
  readonly fresh: boolean
  readonly options: RunOptions
  /** The steps that a resumed run took before. */
  readonly recorded: readonly StepMetrics[]
}
