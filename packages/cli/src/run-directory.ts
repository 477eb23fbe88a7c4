import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { describeRun, weightsOf, type BackendChoice, type Experiment, type State, type StepMetrics } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { howToType } from './how-to-type.ts'

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
}

/** The files of one run: `manifest.json`, `run.jsonl` with a line a step, `recipe.ts` as it was, `state.safetensors` to go on with, `weights.safetensors`. */
export interface RunDirectory {
  record(metrics: StepMetrics): Promise<void>
  /** Keeps the whole run as it stands, to go on with. */
  keep(run: Uint8Array): Promise<void>
  /** Gives back the folder where the run lies. */
  save(state: State, planned: number): Promise<string>
}

export interface RunStart {
  readonly path: string
  readonly experiment: Experiment
  readonly recipePath: string
  readonly data: string
  readonly examples: number
  readonly seed: number
  readonly backend: BackendChoice
}

/** Whether a folder holds a run that got as far as to be kept or saved. */
export const holdsRun = (path: string): boolean => existsSync(join(path, files.state)) || existsSync(join(path, files.weights))

/** Makes the folder and its first files. Where it holds a run, that one stays until the new one is finished; until then the new one lies beside it. */
export async function createRunDirectory({ path, experiment, recipePath, data, examples, seed, backend }: RunStart): Promise<RunDirectory> {
  const folder = holdsRun(path) ? relative('', `${resolve(path)}.new`) : path
  if (folder !== path) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFileAtomic(join(folder, files.recipe), await readFile(recipePath))
  await writeFile(join(folder, files.steps), '')
  const manifest: Manifest = {
    format: 1, name: experiment.name, recipe: relative(path, resolve(recipePath)), data, examples, seed, backend: `${backend.name} – ${backend.description}`,
    versions: { node: process.versions.node, tfjs: '4.22.0' }, started: new Date().toISOString(), steps: [0, 0], finished: false
  }
  await writeManifest(folder, manifest)
  return runDirectory(folder, path, manifest)
}

/** A run to go on with, as it was last kept. */
export interface KeptRun {
  readonly manifest: Manifest
  readonly run: Uint8Array
  readonly directory: RunDirectory
}

/**
 * Opens the folder of a run that ended early. Steps that it recorded after it was last kept are forgotten, for they are taken again.
 *
 * @throws Error if there is no run, or none to go on with
 */
export async function reopenRunDirectory(path: string): Promise<KeptRun> {
  const manifest = await readManifest(path)
  const run = await readFile(join(path, files.state)).catch(() => {
    throw new Error(`train: expected a run to go on with in ${path}, but it ended before it was first kept. Begin anew: ${howToType(`train ${join(path, manifest.recipe)} --out ${path}`)}`)
  })
  const { step } = describeRun(run)
  // The last line may be half of one.
  const lines = (await readFile(join(path, files.steps), 'utf8')).split('\n').filter(line => line.endsWith('}') && (JSON.parse(line) as StepMetrics).step <= step)
  await writeFileAtomic(join(path, files.steps), lines.map(line => `${line}\n`).join(''))
  return { manifest, run, directory: runDirectory(path, path, manifest) }
}

const files = { recipe: 'recipe.ts', steps: 'run.jsonl', state: 'state.safetensors', weights: 'weights.safetensors', manifest: 'manifest.json' } as const

const writeManifest = (folder: string, manifest: Manifest): Promise<void> =>
  writeFileAtomic(join(folder, files.manifest), `${JSON.stringify(manifest, null, 2)}\n`)

/** A run that lies in a folder until it is finished, and then in the place of another. */
const runDirectory = (folder: string, path: string, manifest: Manifest): RunDirectory => ({
  record: metrics => appendFile(join(folder, files.steps), `${JSON.stringify(metrics)}\n`),
  keep: run => writeFileAtomic(join(folder, files.state), run),
  async save(state, planned) {
    await writeFileAtomic(join(folder, files.weights), await weightsOf(state, manifest.name))
    // Whoever is interrupted while a teacher learns has not planned a step.
    const finished = planned > 0 && state.step >= planned
    await writeManifest(folder, { ...manifest, steps: [state.step, planned], finished })
    if (folder === path || !finished) return folder
    for (const file of Object.values(files)) await rename(join(folder, file), join(path, file))
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
