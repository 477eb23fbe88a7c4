import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkExperiment } from '../check-experiment.ts'
import { sweepVariants, type Sweep } from '../sweep.ts'
import type { Experiment } from '../experiment.ts'
import { crc32c } from '@lapstrake/files'
import { readWholeFile } from '@lapstrake/files/node'
import { alike } from './alike.ts'
import { importOwn } from './import-own.ts'
import type { Manifest } from './manifest.ts'
import type { BundledRecipe } from './recipe-bundle.ts'
import { thisPlace } from './run-directory.ts'
import { runFiles } from './run-file-names.ts'
import { tellLinesOf } from './own-lines.ts'

/** Loads the experiment that a recipe file exports by default. */
export async function loadExperiment(path: string): Promise<Experiment> {
  const experiment = await loadDefault<Experiment>('recipe', path)
  checkExperiment(experiment)
  return experiment
}

/**
 * Loads a recipe from its bundle, so that what a run trains is what it keeps.
 *
 * @param path the file that it was bundled from
 */
export async function loadBundled(path: string, { mapped }: BundledRecipe): Promise<Experiment> {
  const folder = await mkdtemp(join(tmpdir(), 'lapstrake-recipe-'))
  try {
    const file = join(folder, runFiles.recipe)
    await writeFile(file, mapped)
    process.setSourceMapsEnabled(true)
    tellLinesOf(resolve(path))
    const experiment = await loadDefault<Experiment>('recipe', file, path)
    checkExperiment(experiment)
    return experiment
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Loads the experiment that a run keeps. Doing so runs its recipe, which is said where others made it.
 *
 * @throws Error if the recipe is not there, or not the one that the run was made with
 */
export async function loadKeptExperiment(folder: string, { checksums, madeBy, recipe }: Manifest): Promise<Experiment> {
  const path = join(folder, runFiles.recipe)
  const told = checksums[runFiles.recipe]
  const found = crc32c(await readWholeFile(path))
  if (found !== told)
    throw new Error(
      `${path}: expected the recipe that the run was made with, got one with the checksum ${found} in place of ` +
        `${told}. It is damaged, or was changed since; put back a copy.`
    )
  if (madeBy !== thisPlace())
    process.stderr.write(
      `${folder} was made by ${madeBy}. Reading it runs its recipe, ${path}: ` +
        'look into it first if you do not trust it.\n'
    )
  const experiment = await loadDefault<Experiment>('recipe', path, recipe)
  checkExperiment(experiment)
  return experiment
}

/** Loads the sweep that a file exports by default. */
export async function loadSweep(path: string): Promise<Sweep> {
  const sweep = await loadDefault<Partial<Sweep>>('sweep', path)
  const missing = [...(sweep.recipe === undefined ? ['recipe'] : []), ...(Array.isArray(sweep.seeds) ? [] : ['seeds'])]
  if (missing.length > 0)
    throw new Error(
      `sweep: expected ${path} to export { recipe, seeds, fields } by default, but it lacks ${missing.join(', ')}.`
    )
  // Before the first run, not in each.
  for (const { experiment } of sweepVariants(sweep as Sweep)) checkExperiment(experiment)
  return sweep as Sweep
}

/** Why a file does not load: where its grammar is wrong, or what it imports that is not there. */
async function reason({ message }: Error): Promise<string> {
  const [, place] = /^Transform failed with .*\n(.+)/.exec(message) ?? []
  const [, from, name] = /requested module '(.+)' does not provide an export named '(.+)'/.exec(message) ?? []
  if (name === undefined) return place?.replace(/[^.]$/, '$&.') ?? message
  const known = await (import(from!) as Promise<object>).then(Object.keys, () => [])
  return `'${from}' exports no ${name}.${alike(name, known)}`
}

/** @param path what a person calls the file, and where its packages are found */
async function loadDefault<T>(what: string, given: string, path: string = given): Promise<T> {
  const file = resolve(given)
  await readWholeFile(file).catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`, { cause: error })
  })
  tellLinesOf(file)
  const loaded = await (
    importOwn(pathToFileURL(file).href, pathToFileURL(resolve(path)).href) as Promise<{ default?: T }>
  ).catch(async (error: unknown) => {
    throw new Error(`${what}: expected ${path} to load, but it does not: ${await reason(error as Error)}`, {
      cause: error
    })
  })
  // A file that is taken for CommonJS keeps its default one level down.
  const made = (loaded.default as { default?: T } | undefined)?.default ?? loaded.default
  if (typeof made !== 'object' || made === null)
    throw new Error(
      `${what}: expected ${path} to export one by default, got ` +
        `${made === undefined ? 'no default export' : typeof made}. End it with: export default ${what}`
    )
  return made
}
