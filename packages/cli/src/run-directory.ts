import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { describeRun, weightsOf, type BackendChoice, type Dataset, type Experiment, type Span, type State, type StepMetrics } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { dataFingerprint, recipeFingerprint } from './fingerprints.ts'
import { howToType } from './how-to-type.ts'
import { lockRun } from './run-lock.ts'
import { stageNames } from './stage-names.ts'
import { boardFolder } from './tensorboard.ts'

/** What was asked of a run beside its recipe, and holds when it goes on; what is not here was left out. */
export interface RunOptions {
  readonly backend?: string
  readonly tensorboard?: boolean
  readonly epochs?: number
  readonly threads?: number
  readonly 'checkpoint-every'?: number
  readonly 'keep-every'?: number
}

/** What a run was made with. */
export interface Manifest {
  readonly format: 1
  readonly name: string
  /** The recipe file, relative to the run's folder. */
  readonly recipe: string
  readonly data: string
  readonly examples: number
  readonly seed: number
  readonly backend: string
  readonly versions: Readonly<Record<string, string>>
  readonly started: string
  /** Steps taken, and steps planned. */
  readonly steps: readonly [taken: number, planned: number]
  readonly finished: boolean
  /** The names of the stages, from the bottom; absent in older runs. */
  readonly stages?: readonly string[]
  /** Which stages learn together; absent in older runs. */
  readonly spans?: readonly Span[]
  /** A hash of the recipe and of each file of one's own that it imports, by path from the recipe's folder; absent in older runs. */
  readonly recipeHashes?: Readonly<Record<string, string>>
  /** A hash of what the data showed; absent in older runs. */
  readonly dataHash?: string
  /** Absent in older runs. */
  readonly options?: RunOptions
}

/**
 * The files of one run: `manifest.json`, `run.jsonl` with a line a step, `recipe.ts` as it was, `state.safetensors` to go on with, `weights.safetensors`;
 * `best.safetensors`, the weights of the epoch with the lowest losses, and `checkpoints/step-….safetensors`, if wanted.
 */
export interface RunDirectory {
  /** Where the run lies until it is finished. */
  readonly folder: string
  record(metrics: StepMetrics): Promise<void>
  /** Keeps the whole run as it stands, to go on with. */
  keep(run: Uint8Array): Promise<void>
  /** Keeps it for good, beside what is kept later. */
  checkpoint(run: Uint8Array, step: number): Promise<void>
  /** Keeps the weights as the best so far. */
  keepBest(state: State): Promise<void>
  /** Takes back what was made for a run that never took a step; what else lies in its folder stays. */
  discard(): Promise<void>
  /** Gives back the folder where the run lies. */
  save(state: State, planned: number): Promise<string>
}

export interface RunStart {
  readonly path: string
  readonly experiment: Experiment
  readonly recipePath: string
  readonly data: string
  readonly dataset: Dataset
  readonly seed: number
  readonly backend: BackendChoice
  readonly options: RunOptions
}

/** Whether a folder holds a run that got as far as to be kept or saved. */
export const holdsRun = (path: string): boolean => existsSync(join(path, files.state)) || existsSync(join(path, files.weights))

/** Whether a folder holds a run as it was kept, to go on with. */
export const canGoOn = (path: string): boolean => existsSync(join(path, files.state))

/** Makes the folder and its first files. Where it holds a run, that one stays until the new one is finished; until then the new one lies beside it. */
export async function createRunDirectory({ path, experiment, recipePath, data, dataset, seed, backend, options }: RunStart): Promise<RunDirectory> {
  const folder = holdsRun(path) ? relative('', `${resolve(path)}.new`) : path
  const manifest: Manifest = {
    format: 1, name: experiment.name, recipe: relative(path, resolve(recipePath)), data, examples: dataset.size, seed, backend: `${backend.name} – ${backend.description}`,
    versions: { node: process.versions.node, tfjs: '4.22.0' }, started: new Date().toISOString(), steps: [0, 0], finished: false,
    stages: stageNames(experiment), spans: experiment.isolation(experiment.backbone.stages.length),
    recipeHashes: await recipeFingerprint(recipePath), dataHash: await dataFingerprint(dataset), options
  }
  if (folder !== path) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const release = lockRun(folder)
  await writeFileAtomic(join(folder, files.recipe), await readFile(recipePath))
  await writeFile(join(folder, files.steps), '')
  await writeManifest(folder, manifest)
  return runDirectory(folder, path, manifest, release)
}

/** A run to go on with, as it was last kept. */
export interface KeptRun {
  readonly run: Uint8Array
  /** The steps it took. */
  readonly recorded: readonly StepMetrics[]
  readonly directory: RunDirectory
}

/**
 * Opens the folder of a run that ended early. Steps that it recorded after it was last kept are forgotten, for they are taken again.
 *
 * @param manifest what it goes on with, and from now on has
 * @throws Error if there is no run to go on with, or one that another process is training
 */
export async function reopenRunDirectory(path: string, manifest: Manifest): Promise<KeptRun> {
  const release = lockRun(path)
  const run = await readFile(join(path, files.state)).catch(() => {
    release()
    throw new Error(`train: expected a run to go on with in ${path}, but it ended before it was first kept. Begin anew: ${howToType(`train ${join(path, manifest.recipe)} --out ${path}`)}`)
  })
  const { step } = describeRun(run)
  // The last line may be half of one.
  const recorded = (await readFile(join(path, files.steps), 'utf8')).split('\n').filter(line => line.endsWith('}')).map(line => JSON.parse(line) as StepMetrics).filter(metrics => metrics.step <= step)
  await writeFileAtomic(join(path, files.steps), recorded.map(metrics => `${JSON.stringify(metrics)}\n`).join(''))
  await writeManifest(path, manifest)
  return { run, recorded, directory: runDirectory(path, path, manifest, release) }
}

/** Where `evaluate` leaves what it read out. */
export const evaluationFile = 'evaluation.json'

const files = { recipe: 'recipe.ts', steps: 'run.jsonl', state: 'state.safetensors', weights: 'weights.safetensors', manifest: 'manifest.json' } as const
const kept = { best: 'best.safetensors', checkpoints: 'checkpoints', tensorboard: boardFolder, evaluation: evaluationFile } as const

const writeManifest = (folder: string, manifest: Manifest): Promise<void> =>
  writeFileAtomic(join(folder, files.manifest), `${JSON.stringify(manifest, null, 2)}\n`)

/** A run that lies in a folder until it is finished, and then in the place of another. */
const runDirectory = (folder: string, path: string, manifest: Manifest, release: () => void): RunDirectory => ({
  folder,
  record: metrics => appendFile(join(folder, files.steps), `${JSON.stringify(metrics)}\n`),
  keep: run => writeFileAtomic(join(folder, files.state), run),
  checkpoint: (run, step) => writeFileAtomic(join(folder, kept.checkpoints, `step-${String(step).padStart(8, '0')}.safetensors`), run),
  keepBest: async state => writeFileAtomic(join(folder, kept.best), await weightsOf(state, manifest.name)),
  async discard() {
    release()
    for (const file of [files.recipe, files.steps, files.manifest, kept.tensorboard]) await rm(join(folder, file), { recursive: true, force: true })
    await rmdir(folder).catch(() => undefined)
  },
  async save(state, planned) {
    await writeFileAtomic(join(folder, files.weights), await weightsOf(state, manifest.name))
    // It was read out of other weights.
    await rm(join(folder, kept.evaluation), { force: true })
    // Whoever is interrupted while a teacher learns has not planned a step.
    const finished = planned > 0 && state.step >= planned
    await writeManifest(folder, { ...manifest, steps: [state.step, planned], finished })
    release()
    if (folder === path || !finished) return folder
    for (const file of Object.values(kept)) await rm(join(path, file), { recursive: true, force: true })
    for (const file of await readdir(folder)) await rename(join(folder, file), join(path, file))
    await rmdir(folder)
    return path
  }
})

/** Reads the manifest of a run. */
export async function readManifest(path: string): Promise<Manifest> {
  const text = await readFile(join(path, files.manifest), 'utf8').catch(() => {
    throw new Error(`run: expected a run in ${path}, but it has no manifest.json. Train one with: ${howToType(`train <recipe.ts> --out ${path}`)}`)
  })
  const manifest = JSON.parse(text) as Manifest
  if (manifest.format !== 1) throw new Error(`run: expected format 1 in ${path}, got ${String(manifest.format)}, which is newer than this lapstrake.`)
  return manifest
}
