import { beginAnew } from './begin-anew.ts'
import { goOn } from './go-on.ts'
import type { Given } from './train-given.ts'
import { stat } from 'node:fs/promises'
import type { BackendChoice, Dataset, Experiment, StepMetrics } from 'lapstrake'
import type { RunOptions, RunDirectory } from '@lapstrake/runs/node'
import { readWholeFile } from 'lapstrake/node'

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

/** Begins a run, or goes on with one. */
export async function beginRun({
  resume,
  ...given
}: Given & { readonly resume?: string | undefined }): Promise<Beginning> {
  const empty = Object.entries({ resume, ...given }).find(([, value]) => value === '')
  if (empty !== undefined)
    throw new Error(`train: expected something behind --${empty[0]}, got nothing. Leave it out, or name a place.`)
  if (resume === undefined) return beginAnew(given)
  const isFolder = await stat(resume).then(
    found => found.isDirectory(),
    () => true
  )
  return isFolder ? goOn(resume, given) : beginAnew(given, { name: resume, bytes: await readWholeFile(resume) })
}
