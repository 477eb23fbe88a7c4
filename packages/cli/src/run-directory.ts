import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { BackendChoice, Experiment, State, StepMetrics } from 'lapstrake'
import { serialiseTree, writeFileAtomic } from 'lapstrake/node'
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

/** The files of one run: `manifest.json`, `run.jsonl` with a line a step, `recipe.ts` as it was, `weights.safetensors`. */
export interface RunDirectory {
  record(metrics: StepMetrics): Promise<void>
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

/** Whether a run was saved in a folder. */
export const holdsRun = (path: string): boolean => existsSync(join(path, 'manifest.json'))

/** Makes the folder and its first files. Where it holds a run, that one stays until the new one is finished; until then the new one lies beside it. */
export async function createRunDirectory({ path, experiment, recipePath, data, examples, seed, backend }: RunStart): Promise<RunDirectory> {
  const folder = holdsRun(path) ? relative('', `${resolve(path)}.new`) : path
  if (folder !== path) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFileAtomic(join(folder, 'recipe.ts'), await readFile(recipePath))
  await writeFile(join(folder, 'run.jsonl'), '')
  const manifest: Manifest = {
    format: 1, name: experiment.name, recipe: relative(path, resolve(recipePath)), data, examples, seed, backend: `${backend.name} – ${backend.description}`,
    versions: { node: process.versions.node, tfjs: '4.22.0' }, started: new Date().toISOString(), steps: [0, 0], finished: false
  }
  return {
    record: metrics => appendFile(join(folder, 'run.jsonl'), `${JSON.stringify(metrics)}\n`),
    async save(state, planned) {
      await writeFileAtomic(join(folder, 'weights.safetensors'), await serialiseTree(
        { stages: state.stages, heads: Object.fromEntries(Object.entries(state.units).map(([name, { head }]) => [name, head])) },
        { format: 'lapstrake-weights-1', recipe: experiment.name }))
      // Whoever is interrupted while a teacher learns has not planned a step.
      const done: Manifest = { ...manifest, steps: [state.step, planned], finished: planned > 0 && state.step >= planned }
      await writeFileAtomic(join(folder, 'manifest.json'), `${JSON.stringify(done, null, 2)}\n`)
      if (folder === path || !done.finished) return folder
      for (const file of ['recipe.ts', 'run.jsonl', 'weights.safetensors', 'manifest.json']) await rename(join(folder, file), join(path, file))
      await rmdir(folder)
      return path
    }
  }
}

/** Reads the manifest of a run. */
export async function readManifest(path: string): Promise<Manifest> {
  const text = await readFile(join(path, 'manifest.json'), 'utf8').catch(() => {
    throw new Error(`run: expected a run in ${path}, but it has no manifest.json. Train one with: ${howToType(`train <recipe.ts> --out ${path}`)}`)
  })
  const manifest = JSON.parse(text) as Manifest
  if (manifest.format !== 1) throw new Error(`run: expected format 1 in ${path}, got ${String(manifest.format)}, which is newer than this lapstrake.`)
  return manifest
}
