import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StepMetrics } from '../step-metrics.ts'
import { checkGiven } from '@lapstrake/core'
import { readWholeFile } from '@lapstrake/files/node'
import { checkFolder } from './check-folder.ts'
import { readEvaluations, type Evaluation, type ReadEvaluations } from './evaluation.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { settled } from './run-directory.ts'
import { runFiles } from './run-file-names.ts'
import { isReplacing, replacing } from './run-files.ts'
import { stepsIn } from './step-log.ts'

/** What a run wrote down. */
export interface RecordedRun {
  readonly path: string
  readonly manifest: Manifest
  readonly steps: readonly StepMetrics[]
  /** What `evaluate` read out, stage by stage behind the baselines; absent where it was not asked. */
  readonly evaluation?: Evaluation | undefined
  /** What a reader should know, in sentences. */
  readonly notes: readonly string[]
}

/**
 * Reads what a run wrote down. What is damaged is left out, with a note.
 *
 * @throws Error if there is no run, or its manifest is damaged
 */
export async function readRun(path: string): Promise<RecordedRun> {
  checkFolder(path)
  const manifest = await readManifest(await settled(path))
  const notes: string[] = []
  const noted =
    <T>(otherwise: T) =>
    (error: Error): T => {
      notes.push(error.message)
      return otherwise
    }
  const log = join(path, runFiles.steps)
  const { steps, cut, damaged } = stepsIn(
    new TextDecoder().decode(await readWholeFile(log).catch(noted(new Uint8Array()))),
    log
  )
  if (cut) notes.push(`${path}: the last line of run.jsonl is cut short, as by a crash, and left out.`)
  if (damaged.length > 0)
    notes.push(
      `${path}: ${damaged.length} damaged lines of run.jsonl are left out, the first of them line ${damaged[0]}.`
    )
  const { of: evaluations, notes: stale } = await readEvaluations(path).catch(
    noted({ of: {}, notes: [] } as ReadEvaluations)
  )
  notes.push(...stale)
  const [file, evaluation] =
    Object.entries(evaluations).find(([name]) => name === runFiles.weights) ?? Object.entries(evaluations)[0] ?? []
  if (evaluation?.part) notes.push(`${path}: read out on the first ${evaluation.test} test examples only.`)
  if (file !== undefined && file !== runFiles.weights) notes.push(`${path}: read out of ${file}.`)
  const { step = 0, steps: planned = 0 } = steps.at(-1) ?? {}
  const replaced = steps.reduce((sum, step) => sum + (step.replaced ?? 0), 0)
  if (replaced > 0) notes.push(`${path}: ${replaced} times an example that could not be read was replaced by the next.`)
  const lost = manifest.steps[0] - new Set(steps.map(({ step }) => step)).size
  if (lost > 0) notes.push(`${path}: ${lost} of the ${manifest.steps[0]} steps taken are not recorded.`)
  if (steps.length === 0) notes.push(`${path}: no step is recorded.`)
  else if (!manifest.finished) notes.push(`${path}: not finished, at step ${step} of ${planned}.`)
  return { path, manifest, steps, evaluation, notes }
}

/**
 * Reads the runs in some folders. One that cannot be read leaves the others, with a note; where it is the only one, its
 * error is thrown.
 */
export async function readRuns(
  given: readonly string[]
): Promise<{ readonly runs: readonly RecordedRun[]; readonly notes: readonly string[] }> {
  checkGiven('run', "a list of folders, as in ['runs/loco-0']", given, 'list')
  if (given.length === 0) throw new RangeError("run: expected one folder or more, as in ['runs/loco-0'], got none.")
  for (const path of given) checkFolder(path)
  const folders = await Promise.allSettled(given.map(path => runFolders([path])))
  const found = [...new Set(folders.flatMap(one => (one.status === 'fulfilled' ? one.value : [])))]
  const read: PromiseSettledResult<unknown>[] = [
    ...folders.filter(({ status }) => status === 'rejected'),
    ...(await someAtATime(found, readRun))
  ]
  const runs = read.flatMap(one => (one.status === 'fulfilled' ? [one.value as RecordedRun] : []))
  const errors = read.flatMap(one => (one.status === 'rejected' ? [one.reason as Error] : []))
  if (runs.length === 0) throw errors[0]!
  return { runs, notes: errors.map(({ message }) => `Left out: ${message}`) }
}

/** Some at a time: each opens files, and a system allows so many. */
async function someAtATime<T, R>(all: readonly T[], read: (one: T) => Promise<R>): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = []
  for (let i = 0; i < all.length; i += 16) results.push(...(await Promise.allSettled(all.slice(i, i + 16).map(read))))
  return results
}

/**
 * The folders of runs among what was given: a folder that holds no run itself stands for the runs in it.
 *
 * @throws Error if there is none
 */
async function runFolders(given: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    given.map(async path => {
      if (await isRun(path)) return [path]
      // One that is to replace another is none yet.
      const inside = (await readdir(path).catch(() => []))
        .filter(name => name !== replacing.training)
        .map(name => join(path, name))
        .sort()
      const runs = await Promise.all(inside.map(isRun))
      const folders = inside.filter((_, i) => runs[i])
      // Says how to make one.
      if (folders.length === 0) await readManifest(path)
      return folders
    })
  )
  return [...new Set(found.flat())]
}

const isRun = async (path: string): Promise<boolean> =>
  isReplacing(path) ||
  stat(join(path, runFiles.manifest)).then(
    () => true,
    () => false
  )
