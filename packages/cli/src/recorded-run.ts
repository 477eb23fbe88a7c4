import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StepMetrics } from 'lapstrake'
import type { Readout } from './readouts.ts'
import { evaluationFile, readManifest, type Manifest } from './run-directory.ts'

/** What a run wrote down. */
export interface RecordedRun {
  readonly path: string
  readonly manifest: Manifest
  readonly steps: readonly StepMetrics[]
  /** What `evaluate` read out, stage by stage behind the baselines; absent where it was not asked. */
  readonly evaluation?: Evaluation
  /** What a reader should know, in sentences. */
  readonly notes: readonly string[]
}

/** What `evaluate` leaves in the folder of a run. */
export interface Evaluation {
  readonly format: 1
  readonly weights: string
  /** Test examples. */
  readonly test: number
  readonly rows: readonly Readout[]
}

/** The lines of a text that are whole, and what is to be said of others. */
export function stepsIn(text: string): { readonly steps: readonly StepMetrics[]; readonly cut: boolean; readonly broken: number } {
  const lines = text.split('\n')
  const read = lines.map(line => parsed(line))
  const last = lines.findLastIndex(line => line !== '')
  const broken = lines.flatMap((line, i) => (line !== '' && read[i] === undefined ? [i] : []))
  return { steps: read.filter(step => step !== undefined), cut: broken.includes(last), broken: broken.filter(i => i !== last).length }
}

/**
 * Reads what a run wrote down. A line that a crash cut short is left out, with a note.
 *
 * @throws Error if there is no run
 */
export async function readRun(path: string): Promise<RecordedRun> {
  const manifest = await readManifest(path)
  const { steps, cut, broken } = stepsIn(await readFile(join(path, 'run.jsonl'), 'utf8').catch(() => ''))
  const evaluation = await readFile(join(path, evaluationFile), 'utf8').then(text => JSON.parse(text) as Evaluation).catch(() => undefined)
  const { step = 0, steps: planned = 0 } = steps.at(-1) ?? {}
  return {
    path, manifest, steps, ...(evaluation && { evaluation }),
    notes: [
      ...(cut ? [`${path}: the last line of run.jsonl is cut short, as by a crash, and left out.`] : []),
      ...(broken > 0 ? [`${path}: ${broken} lines of run.jsonl cannot be read and are left out.`] : []),
      ...(steps.length === 0 ? [`${path}: no step is recorded.`] : manifest.finished ? [] : [`${path}: not finished, at step ${step} of ${planned}.`])
    ]
  }
}

/**
 * The folders of runs among what was given: a folder that holds no run itself stands for the runs in it.
 *
 * @throws Error if there is none
 */
export async function runFolders(given: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(given.map(async path => {
    if (await isRun(path)) return [path]
    // One that another run is replaced with, once it is finished, is none yet.
    const inside = (await readdir(path).catch(() => [])).filter(name => !name.endsWith('.new')).map(name => join(path, name)).sort()
    const runs = await Promise.all(inside.map(isRun))
    const folders = inside.filter((_, i) => runs[i])
    // Says how to make one.
    if (folders.length === 0) await readManifest(path)
    return folders
  }))
  return [...new Set(found.flat())]
}

const isRun = (path: string): Promise<boolean> => stat(join(path, 'manifest.json')).then(() => true, () => false)

function parsed(line: string): StepMetrics | undefined {
  try {
    // A number that JSON has no word for, such as the uniformity of equal rows, was written as null.
    const step = JSON.parse(line, line.includes('null') ? (_, value: unknown) => value ?? NaN : undefined) as Partial<StepMetrics>
    return typeof step.step === 'number' && step.losses !== undefined ? step as StepMetrics : undefined
  } catch {
    return undefined
  }
}
