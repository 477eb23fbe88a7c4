// The files of results: one for each run, one for how long steps take, one for what is known untrained.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Baselines } from './baselines.ts'
import { cells, nameOf, type Cell } from './design.ts'
import type { CellResult } from './run-cell.ts'
import type { StepTimes } from './step-times.ts'

export interface Results {
  /** Of the runs that there are, in the order of the design. */
  readonly runs: readonly CellResult[]
  /** These two are empty where they were not measured. */
  readonly times: StepTimes
  readonly baselines: Baselines
}

export const resultFile = (folder: string, cell: Cell): string => join(folder, `${nameOf(cell)}.json`)
export const timesFile = (folder: string): string => join(folder, 'step-times.json')
export const baselinesFile = (folder: string): string => join(folder, 'baselines.json')

export async function readResults(folder: string): Promise<Results> {
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(file, 'utf8')) as T
  const files = cells.map(cell => resultFile(folder, cell)).filter(file => existsSync(file))
  const times = timesFile(folder)
  return {
    runs: await Promise.all(files.map(file => read<CellResult>(file))),
    times: existsSync(times) ? (await read<{ milliseconds: StepTimes }>(times)).milliseconds : {},
    baselines: await readBaselines(folder)
  }
}

export async function readBaselines(folder: string): Promise<Baselines> {
  const file = baselinesFile(folder)
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Baselines) : {}
}
