import { checkGiven, didYouMean, mapTeachers } from '@lapstrake/core'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkExperiment } from '../check-experiment.ts'
import { sweepVariants, type Sweep } from '../sweep.ts'
import type { Experiment, TrainedTeacher } from '../experiment.ts'
import { withSettings, type ExperimentOrMaker, type Settings } from './settings.ts'
import { untilPlateau, type UntilPlateauOptions } from '@lapstrake/scheduler'
import { crc32c } from '@lapstrake/files'
import { readWholeFile } from '@lapstrake/files/node'
import { importOwn } from './import-own.ts'
import type { Manifest } from './manifest.ts'
import type { BundledRecipe } from './recipe-bundle.ts'
import { checkFolder } from './check-folder.ts'
import { thisPlace } from './run-directory.ts'
import { runFiles } from './run-file-names.ts'
import { tellLinesOf } from './own-lines.ts'

/**
 * Loads the experiment that a recipe file exports by default.
 *
 * @param settings values for its plain fields, and for the options of a file that exports a function of them
 */
export async function loadExperiment(path: string, settings: Settings = {}): Promise<Experiment> {
  checkGiven('recipe', "the path of a file, as in 'recipe.ts'", path, 'string')
  const { made, exports } = await loadFile<ExperimentOrMaker>('recipe', path)
  const experiment = withSettings(made, exports, settings)
  checkExperiment(experiment)
  return experiment
}

/**
 * Loads a recipe from its bundle, so that what a run trains is what it keeps.
 *
 * @param path the file that it was bundled from
 * @param settings as of {@link loadExperiment}
 */
export async function loadBundled(path: string, bundle: BundledRecipe, settings: Settings = {}): Promise<Experiment> {
  checkGiven('loadBundled', "the path of a recipe, as in 'recipe.ts'", path, 'string')
  checkGiven('loadBundled', 'a recipe as bundleRecipe() gives it', bundle, 'record')
  checkGiven('loadBundled', 'a recipe as bundleRecipe() gives it', bundle.mapped, 'string')
  const { mapped } = bundle
  const folder = await mkdtemp(join(tmpdir(), 'lapstrake-recipe-'))
  try {
    const file = join(folder, runFiles.recipe)
    await writeFile(file, mapped)
    process.setSourceMapsEnabled(true)
    tellLinesOf(resolve(path))
    const { made, exports } = await loadFile<ExperimentOrMaker>('recipe', file, path)
    const experiment = withSettings(made, exports, settings)
    checkExperiment(experiment)
    return experiment
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The recipe that a run keeps. */
export interface KeptRecipe {
  readonly experiment: Experiment
  /** What its file exports beside, by name. */
  readonly exports: Readonly<Record<string, unknown>>
  /** What a reader should know, in sentences. */
  readonly notes: readonly string[]
}

/**
 * Loads the recipe that a run keeps. Doing so runs it, which is noted where others made it.
 *
 * @throws Error if the recipe is not there, or not the one that the run was made with
 */
export async function loadKeptRecipe(folder: string, manifest: Manifest): Promise<KeptRecipe> {
  checkFolder(folder)
  checkGiven('loadKeptRecipe', 'the manifest of the run', manifest, 'record')
  const { checksums, madeBy, recipe, options } = manifest
  checkGiven('loadKeptRecipe', 'a manifest with checksums', checksums, 'record')
  checkGiven('loadKeptRecipe', 'a manifest that names its recipe', recipe, 'string')
  const path = join(folder, runFiles.recipe)
  const told = checksums[runFiles.recipe]
  const found = crc32c(await readWholeFile(path))
  if (found !== told)
    throw new Error(
      `${path}: expected the recipe that the run was made with, got one with the checksum ${found} in place of ` +
        `${told}. It is damaged, or was changed since; put back a copy.`
    )
  const { made, exports } = await loadFile<ExperimentOrMaker>('recipe', path, recipe)
  const kept = asWrittenNow(withSettings(made, exports, options?.set ?? {}), exports)
  checkExperiment(kept.experiment)
  const notes =
    madeBy === thisPlace()
      ? []
      : [
          `${folder} was made by ${madeBy}. Reading it runs its recipe, ${path}: ` +
            'look into it first if you do not trust it.'
        ]
  return { ...kept, notes }
}

/** Fields that an experiment had when older runs kept theirs. */
interface OlderExperiment extends Omit<Experiment, 'data'> {
  readonly data?: unknown
  readonly examples?: unknown
  readonly freeze?: UntilPlateauOptions | null | undefined
  readonly certificate?: unknown
}

/** A recipe as it is written now: a certificate stands beside it. */
const asWrittenNow = (made: OlderExperiment, exports: KeptRecipe['exports']): Omit<KeptRecipe, 'notes'> => ({
  experiment: experimentNow(made),
  exports: made.certificate === undefined ? exports : { certificate: made.certificate, ...exports }
})

/**
 * An experiment as it is written now, its teacher too: when units end is a matter of the schedule, and data that were
 * named by a string are those that the run's manifest says.
 */
function experimentNow(older: OlderExperiment): Experiment {
  const { freeze, certificate: _, examples: __, data, teacher, schedule, ...rest } = older
  return {
    ...rest,
    schedule: freeze === undefined || freeze === null ? schedule : untilPlateau(freeze, schedule),
    teacher:
      teacher &&
      mapTeachers<TrainedTeacher, TrainedTeacher>(teacher, one =>
        'trainedBy' in one ? { ...one, trainedBy: experimentNow(one.trainedBy) } : one
      ),
    data: (typeof data === 'string' ? undefined : data) as Experiment['data']
  }
}

/** Loads the sweep that a file exports by default. */
export async function loadSweep(path: string): Promise<Sweep> {
  checkGiven('sweep', "the path of a file, as in 'sweep.ts'", path, 'string')
  const { made: sweep } = await loadFile<Partial<Sweep>>('sweep', path)
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
  if (name === undefined)
    return place === undefined ? message : `${place.replace(': ERROR: ', ': ').replace(/[^.]$/, '$&.')} Mend that line.`
  const known = await (import(from!) as Promise<object>).then(Object.keys, () => [])
  return `'${from}' exports no ${name}.${didYouMean(name, known)}`
}

/** What a file exports by default, which it must, and beside. */
interface LoadedFile<T> {
  readonly made: T
  readonly exports: Readonly<Record<string, unknown>>
}

/** How often a file was loaded by its address. */
const loads = new Map<string, number>()

/** An address that no module was loaded from: the same one would give what stood there at first, for ever. */
function freshAddress(file: string): string {
  const { href } = pathToFileURL(file)
  const before = loads.get(href) ?? 0
  loads.set(href, before + 1)
  return before === 0 ? href : `${href}?${before}`
}

/** @param path what a person calls the file, and where its packages are found */
async function loadFile<T>(what: string, given: string, path: string = given): Promise<LoadedFile<T>> {
  const file = resolve(given)
  await readWholeFile(file).catch((error: Error) => {
    throw new Error(`${what}: ${error.message} Name the file of a ${what}.`, { cause: error })
  })
  tellLinesOf(file)
  const loaded = await (
    importOwn(freshAddress(file), pathToFileURL(resolve(path)).href) as Promise<{ default?: T }>
  ).catch(async (error: unknown) => {
    throw new Error(`${what}: expected ${path} to load, but it does not: ${await reason(error as Error)}`, {
      cause: error
    })
  })
  // A file that is taken for CommonJS keeps its default one level down.
  const made = (loaded.default as { default?: T } | undefined)?.default ?? loaded.default
  const isMaker = what === 'recipe' && typeof made === 'function'
  if (!isMaker && (typeof made !== 'object' || made === null))
    throw new Error(
      `${what}: expected ${path} to export one by default, got ` +
        `${made === undefined ? 'no default export' : typeof made}. End it with: export default ${what}`
    )
  const { default: _, ...exports } = loaded as Record<string, unknown>
  return { made: made as T, exports }
}
