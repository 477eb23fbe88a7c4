import { existsSync } from 'node:fs'
import { rmdir, stat } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { describeRun } from '../saved-run.ts'
import { fingerprintOf } from '../data-fingerprint.ts'
import { checkExperiment } from '../check-experiment.ts'
import type { Experiment } from '../experiment.ts'
import { inputShapeOf } from '../trial-batch.ts'
import { checkGiven, stageNames, type State } from '@lapstrake/core'
import { weightsOf } from '../weights-of.ts'
import type { BackendChoice } from '../use-backend.ts'
import type { Dataset } from '@lapstrake/data'
import type { StepMetrics } from '../step-metrics.ts'
import { crc32c } from '@lapstrake/files'
import { makeFolder, readWholeFile, writeFileAtomic } from '@lapstrake/files/node'
import { checkFolder } from './check-folder.ts'
import { howToType, quoted } from './how-to-type.ts'
import { readManifest, writeManifest, type Manifest, type RunOptions } from './manifest.ts'
import { runFiles } from './run-file-names.ts'
import { filesIn, isLock, isReplacing, removeRun, replaceRun, replacing } from './run-files.ts'
import { lockRun, type RunLock } from './run-lock.ts'
import { lineOf, stepLog, stepsIn, type StepLog } from './step-log.ts'

/**
 * The files of one run: `manifest.json`, `run.jsonl` with a line a step, `recipe.mjs`, `state.safetensors` to go on
 * with, `weights.safetensors`; `best.safetensors`, the weights of the epoch with the lowest losses, and
 * `checkpoints/step-….safetensors`, if wanted.
 */
export interface RunDirectory {
  /** Where the run lies until it is finished. */
  readonly folder: string
  readonly log: StepLog
  /** Keeps the whole run as it stands, to go on with. */
  keep(run: Uint8Array): Promise<void>
  /** Keeps it for good, beside what is kept later. */
  checkpoint(run: Uint8Array, step: number): Promise<void>
  /** Keeps weights as the best so far. */
  keepBest(weights: Uint8Array): Promise<void>
  /** Takes back what was made for a run that never took a step; what else lies in its folder stays. */
  discard(): Promise<void>
  /**
   * Ends the run; gives back the folder where it lies.
   *
   * @param others files of its own that have no checksum in themselves, by their paths from the run's folder
   */
  save(state: State, planned: number, others?: readonly string[]): Promise<string>
}

/** A folder that is this process's own, for a run that is about to begin. */
export interface Claim {
  readonly path: string
  readonly lock: RunLock
  /** Whether it holds a run, which stays until the new one is finished. */
  readonly holdsRun: boolean
  /** A run that was to replace that one and ended early; the new one takes its place, too. */
  readonly replacesToo: string | undefined
  /** The uppermost folder that was made for it. */
  readonly made: string | undefined
  /** Leaves everything as it was before. */
  giveUp(): Promise<void>
}

/** Whether a folder holds a run that got as far as to be kept or saved. */
export const holdsRun = (path: string): boolean =>
  existsSync(join(path, runFiles.state)) || existsSync(join(path, runFiles.weights))

/** Whether a folder holds a run as it was kept, to go on with. */
export function canGoOn(path: string): boolean {
  checkFolder(path)
  return existsSync(join(path, runFiles.state))
}

/**
 * Makes a folder this process's own, before anything is read or trained for it.
 *
 * @throws Error if it holds what no run wrote, a run and `overwrite` is not given, or one that another process trains
 */
export async function claimFolder(path: string, overwrite: boolean): Promise<Claim> {
  const made = await makeFolder(path).catch(async (error: NodeJS.ErrnoException) => {
    const found = await stat(path).catch(() => undefined)
    const why = found ? 'got a file' : `but it cannot be made (${error.code ?? error.message})`
    throw new Error(`train: expected a folder for the run at ${path}, ${why}. Choose another with --out.`, {
      cause: error
    })
  })
  await refuseWithin(path)
  // Until a run that is to replace another has done so, the folder holds neither by name.
  await settled(path)
  const [stranger] = (await filesIn(path)).filter(({ ofRun }) => !ofRun)
  if (stranger !== undefined) {
    throw new Error(
      `train: expected a folder of the run's own, got ${path}, which holds ${stranger.path}. ` +
        `Choose another with --out; ${join('runs', '<name>-<seed>')} is made when it is left out.`
    )
  }
  const beside = join(path, replacing.training)
  let lock: RunLock | undefined
  try {
    lock = await lockAll(existsSync(beside) ? [path, beside] : [path])
    if (isReplacing(path)) await replaceRun(path)
    if (!overwrite && (await isOfWorth(path))) {
      throw new Error(
        `train: expected a folder without a run, got ${path}, which holds one. Choose another with --out, ` +
          'replace the run with --overwrite, ' +
          `or go on with it with --resume ${quoted(path)}.`
      )
    }
    const replaces = await isOfWorth(path)
    const replacesToo = (await isOfWorth(beside)) ? beside : undefined
    if (replaces && !existsSync(beside)) {
      await makeFolder(beside)
      lock = both(lock, await lockRun(beside))
    }
    const mine = lock
    return { path, lock: mine, holdsRun: replaces, replacesToo, made, giveUp: () => leave(mine) }
  } catch (error) {
    await leave(lock)
    throw error
  }

  async function leave(held: RunLock | undefined): Promise<void> {
    held?.release()
    await rmdir(beside).catch(() => undefined)
    await removeEmpty(path, made)
  }
}

/** Whether a folder holds of a run what somebody may miss: a step, weights or what was kept of it. */
async function isOfWorth(path: string): Promise<boolean> {
  const files = existsSync(path)
    ? (await filesIn(path)).filter(
        ({ ofRun, path }) => ofRun && !isLock(path) && !path.startsWith(`${replacing.training}/`)
      )
    : []
  const worthless: readonly string[] = [runFiles.manifest, runFiles.recipe]
  const sizes = await Promise.all(
    files.map(async file =>
      worthless.includes(file.path) || /^tensorboard\//.test(file.path) ? 0 : (await stat(join(path, file.path))).size
    )
  )
  return sizes.some(size => size > 0)
}

/** A run within the folder of another would go with that. */
async function refuseWithin(path: string): Promise<void> {
  const around = dirname(resolve(path))
  if (
    await readManifest(around).then(
      () => true,
      () => false
    )
  ) {
    throw new Error(
      `train: expected a folder of the run's own, got ${path}, which lies within that of the run in ${around}. ` +
        'Choose another with --out.'
    )
  }
}

const both = (a: RunLock, b: RunLock): RunLock => ({
  check: () => a.check(),
  release() {
    b.release()
    a.release()
  }
})

export interface RunStart {
  readonly claim: Claim
  readonly experiment: Experiment
  readonly recipePath: string
  /** The recipe, bundled: what the experiment was loaded from. */
  readonly recipe: string
  readonly data: string
  readonly dataset: Dataset
  readonly seed: number
  readonly backend: BackendChoice
  readonly options: RunOptions
}

/**
 * Makes the first files of a run. Where its folder holds another, that one stays until the new one is finished, which
 * lies within it until then.
 */
export async function createRunDirectory(start: RunStart): Promise<RunDirectory> {
  checkStart(start)
  const { claim, experiment, recipePath, recipe, data, dataset, seed, backend, options } = start
  const { path, lock } = claim
  const folder = claim.holdsRun ? join(path, replacing.training) : path
  const manifest: Manifest = {
    format: 2,
    name: experiment.name,
    recipe: resolve(recipePath),
    data,
    directory: process.cwd(),
    examples: dataset.size,
    inputShape: await inputShapeOf(experiment, dataset),
    seed,
    backend: `${backend.name} – ${backend.description}`,
    versions: { node: process.versions.node, tfjs: '4.22.0' },
    madeBy: thisPlace(),
    started: new Date().toISOString(),
    steps: [0, 0],
    finished: false,
    stages: stageNames(experiment.backbone.stages),
    spans: experiment.isolation(experiment.backbone.stages.length),
    dataHash: await fingerprintOf(dataset),
    options,
    checksums: { [runFiles.recipe]: crc32c(recipe) }
  }
  // What was begun here before and never kept, or was to replace this run and never did.
  await removeRun(path, file => isLock(file) || (claim.holdsRun && !file.startsWith(`${replacing.training}/`)))
  try {
    await makeFolder(folder)
    // First the manifest: it says whose the other files are.
    await writeManifest(folder, manifest)
    await writeFileAtomic(join(folder, runFiles.recipe), recipe)
    await writeFileAtomic(join(folder, runFiles.steps), '')
  } catch (error) {
    await removeRun(folder, isLock)
    throw error
  }
  return runDirectory({
    folder,
    path,
    manifest,
    lock,
    log: await stepLog(join(folder, runFiles.steps)),
    made: claim.made
  })
}

function checkStart(start: RunStart): void {
  const who = 'createRunDirectory'
  checkGiven(who, 'what a run begins with, as in { claim, experiment, … }', start, 'record')
  for (const name of ['claim', 'experiment', 'dataset', 'backend', 'options'] as const)
    checkGiven(who, `a record as ${name}`, start[name], 'record')
  for (const name of ['recipePath', 'recipe', 'data'] as const)
    checkGiven(who, `a text as ${name}`, start[name], 'string')
  checkGiven(who, 'a number as seed', start.seed, 'number')
  checkExperiment(start.experiment)
}

/** A run to go on with, as it was last kept. */
export interface KeptRun {
  readonly run: Uint8Array
  readonly manifest: Manifest
  readonly lock: RunLock
  /** The steps it took. */
  readonly recorded: readonly StepMetrics[]
  /** What a reader should know, in sentences. */
  readonly notes: readonly string[]
}

/**
 * Makes the folder of a run that ended early this process's own, and reads what there is to go on with. Nothing in it
 * changes yet.
 *
 * @throws Error if there is no run to go on with, it is damaged, or another process trains it
 */
export async function claimKeptRun(path: string): Promise<KeptRun> {
  await readManifest(await settled(path))
  const replaced = replacedBy(path)
  const lock = await lockAll(replaced === undefined ? [path] : [replaced, path])
  try {
    const manifest = await readManifest(path)
    if (!canGoOn(path)) {
      throw new Error(
        `train: expected a run to go on with in ${path}, but it ended before it was first kept. ` +
          `Begin anew: ${howToType(...anew(path, manifest))}`
      )
    }
    const run = await readWholeFile(join(path, runFiles.state))
    const { step } = describeRun(run, join(path, runFiles.state))
    const { steps, cut, damaged } = stepsIn(
      new TextDecoder().decode(await readWholeFile(join(path, runFiles.steps))),
      join(path, runFiles.steps)
    )
    const recorded = steps.filter(metrics => metrics.step <= step)
    const lost = step - new Set(recorded.map(metrics => metrics.step)).size
    return {
      run,
      manifest,
      lock,
      recorded,
      notes: [
        ...unfinishedWithin(path),
        ...(cut ? [`${join(path, runFiles.steps)}: the last line is cut short, as by a crash, and left out.`] : []),
        ...(damaged.length > 0
          ? [
              `${join(path, runFiles.steps)}: ${damaged.length} damaged lines are left out, ` +
                `the first of them line ${damaged[0]}.`
            ]
          : []),
        ...(lost > 0
          ? [`${join(path, runFiles.steps)}: ${lost} of the ${step} steps taken are not recorded there.`]
          : [])
      ]
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** What to type for a run as it was begun. */
const anew = (path: string, { recipe, seed, options }: Manifest): string[] => [
  'train',
  recipe,
  '--seed',
  String(seed),
  ...Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === undefined ? [] : [`--${name}`, String(value)]
  ),
  '--out',
  path
]

/** Says that a folder holds a run which was to replace the one there, and ended early. */
export function unfinishedWithin(path: string): readonly string[] {
  const within = join(path, replacing.training)
  return holdsRun(within)
    ? [
        `${within} holds a run that is to replace the one in ${path} and has not finished. To go on with it: ` +
          `${howToType('train', '--resume', within)}`
      ]
    : []
}

/** Goes on with a run. Steps that it recorded after it was last kept are forgotten, for they are taken again. */
export async function reopenRunDirectory(path: string, kept: KeptRun, manifest: Manifest): Promise<RunDirectory> {
  checkFolder(path)
  checkGiven('reopenRunDirectory', 'a run as claimKeptRun() gives it', kept, 'record')
  checkGiven('reopenRunDirectory', 'the steps that the run took', kept.recorded, 'list')
  checkGiven('reopenRunDirectory', 'the manifest of the run', manifest, 'record')
  const { recorded, lock } = kept
  await writeFileAtomic(join(path, runFiles.steps), recorded.map(metrics => `${lineOf(metrics)}\n`).join(''))
  await writeManifest(path, { ...manifest, finished: false })
  const log = await stepLog(join(path, runFiles.steps))
  return runDirectory({ folder: path, path: replacedBy(path) ?? path, manifest, lock, log, made: undefined })
}

/** The folder of a run, once one that was to replace another has done so: a crash may have come between. */
export async function settled(path: string): Promise<string> {
  if (!isReplacing(path)) return path
  const lock = await lockRun(path)
  try {
    if (isReplacing(path)) await replaceRun(path)
  } finally {
    lock.release()
  }
  return path
}

/** Who trains, and on which machine. */
export function thisPlace(): string {
  try {
    return `${userInfo().username} on ${hostname()}`
  } catch {
    // A container may run under a number that has no name.
    return `somebody on ${hostname()}`
  }
}

/** The folder of the run that one within it is to replace. */
const replacedBy = (path: string): string | undefined => {
  const around = dirname(resolve(path))
  return basename(resolve(path)) === replacing.training && holdsRun(around) ? dirname(path) : undefined
}

/** Removes a folder, and those above it up to one that was made for it, as far as they are empty. */
async function removeEmpty(folder: string, uppermost: string | undefined): Promise<void> {
  if (uppermost === undefined) return
  for (let empty = resolve(folder); empty.startsWith(resolve(uppermost)); empty = dirname(empty))
    await rmdir(empty).catch(() => undefined)
}

/** The locks of some folders as one. */
async function lockAll(folders: readonly string[]): Promise<RunLock> {
  const locks: RunLock[] = []
  const all: RunLock = { check: () => locks[0]!.check(), release: () => locks.forEach(lock => lock.release()) }
  try {
    for (const folder of folders) locks.push(await lockRun(folder))
  } catch (error) {
    all.release()
    throw error
  }
  return all
}

interface Place {
  /** Where the run lies until it is finished, and where it is to lie. */
  readonly folder: string
  readonly path: string
  readonly manifest: Manifest
  readonly lock: RunLock
  readonly log: StepLog
  readonly made: string | undefined
}

const runDirectory = ({ folder, path, manifest, lock, log, made }: Place): RunDirectory => {
  /** Another process may have taken the folder over, if this one was frozen for long. */
  const write = async (file: string, content: Uint8Array): Promise<void> => {
    lock.check()
    await writeFileAtomic(join(folder, file), content)
  }
  return {
    folder,
    log,
    async keep(run) {
      // A state without the lines before it is worth more than none.
      await log.settle().catch(() => undefined)
      await write(runFiles.state, run)
    },
    checkpoint: (run, step) =>
      write(join(runFiles.checkpoints, `step-${String(step).padStart(8, '0')}.safetensors`), run),
    keepBest: weights => write(runFiles.best, weights),
    async discard() {
      await removeRun(folder, isLock)
      lock.release()
      await removeEmpty(folder, folder === path ? made : folder)
    },
    async save(state, planned, others = []) {
      await log.settle()
      await write(runFiles.weights, await weightsOf(state, manifest.name))
      // Whoever is interrupted while a teacher learns has not planned a step.
      const finished = planned > 0 && state.step >= planned
      const checksums = await Promise.all(
        others.map(async file => [file, crc32c(await readWholeFile(join(folder, file)))] as const)
      )
      await writeManifest(folder, {
        ...manifest,
        steps: [state.step, planned],
        finished,
        checksums: { ...manifest.checksums, ...Object.fromEntries(checksums) }
      })
      const replaces = folder !== path && finished
      if (replaces) await replaceRun(path)
      lock.release()
      return replaces ? path : folder
    }
  }
}
