import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import {
  describeRun,
  fingerprintOf,
  useBackend,
  type BackendChoice,
  type BackendName,
  type Dataset,
  type Experiment,
  type StepMetrics
} from 'lapstrake'
import {
  howToType,
  loadBundled,
  loadKeptRecipe,
  type RunOptions,
  bundleRecipe,
  recipeChanges,
  claimFolder,
  claimKeptRun,
  createRunDirectory,
  reopenRunDirectory,
  type RunDirectory,
  runFiles
} from '@lapstrake/runs/node'
import { readWholeFile } from 'lapstrake/node'
import { onProgress } from './data-by-name.ts'
import { dataFor, dataOfRun } from './data-of-run.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

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

/** What was typed. */
export type Given = Readonly<
  Partial<Record<'recipe' | 'seed' | 'out' | Exclude<keyof RunOptions, 'tensorboard'>, string | undefined>>
> &
  Readonly<Record<'overwrite' | 'force' | 'tensorboard', boolean>>

/** The least that is allowed. */
const numbers = { examples: 1, epochs: 1, threads: 1, 'checkpoint-every': 1, 'keep-every': 0 } as const

/** Begins a run, or goes on with one. */
export async function beginRun({
  resume,
  ...given
}: Given & { readonly resume?: string | undefined }): Promise<Beginning> {
  const empty = Object.entries({ resume, ...given }).find(([, value]) => value === '')
  if (empty !== undefined)
    throw new Error(`train: expected something behind --${empty[0]}, got nothing. Leave it out, or name a place.`)
  if (resume === undefined) return begin(given)
  const isFolder = await stat(resume).then(
    found => found.isDirectory(),
    () => true
  )
  return isFolder ? goOn(resume, given) : begin(given, { name: resume, bytes: await readWholeFile(resume) })
}

async function begin(given: Given, resume?: { readonly name: string; readonly bytes: Uint8Array }): Promise<Beginning> {
  if (given.recipe === undefined) {
    throw new Error(
      resume === undefined
        ? 'train: expected a recipe file, such as docs/recipes/03-loco.ts, or a run to go on with: --resume runs/loco-0'
        : `train: expected the recipe of the run that was saved in ${resume.name}, as in: ` +
            `${howToType('train', '<recipe.ts>', '--resume', resume.name, '--out', '<a new folder>')}`
    )
  }
  const options = optionsOf(given)
  const saved = resume && describeRun(resume.bytes, resume.name)
  const recipe = await bundleRecipe(await fileAt(given.recipe))
  const experiment = longer(await loadBundled(given.recipe, recipe), options)
  const seed = given.seed === undefined && saved ? saved.seed : wholeNumber('--seed', given.seed ?? '0', 0)
  const place = given.out ?? `runs/${experiment.name}-${seed}`
  const claim = await claimFolder(place, given.overwrite)
  try {
    if (claim.holdsRun)
      say(`The run in ${place}, with its checkpoints and evaluations, is replaced once this one is finished.`)
    if (claim.replacesToo !== undefined)
      say(`${claim.replacesToo}, a run that ended before it could replace the one in ${place}, is replaced, too.`)
    const backend = await chosenBackend(options)
    const data = dataFor(experiment, options.data)
    const dataset = await data.open('train', { limit: options.examples, onProgress, onWarning: say })
    if (saved !== undefined) refuseTaken(saved.step, stepsOf(experiment, dataset), resume!.name, true)
    const run = await createRunDirectory({
      claim,
      experiment,
      recipePath: given.recipe,
      recipe: recipe.text,
      data: data.name,
      dataset,
      seed,
      backend,
      options: { ...options, backend: backend.name }
    })
    return {
      experiment,
      dataset,
      seed,
      backend,
      run,
      place,
      options,
      fresh: true,
      force: given.force,
      recorded: [],
      resume: resume?.bytes
    }
  } catch (error) {
    await claim.giveUp()
    throw error
  }
}

async function goOn(place: string, given: Given): Promise<Beginning> {
  const decided =
    (['recipe', 'examples', 'seed', 'out'] as const).find(option => given[option] !== undefined) ??
    (given.overwrite ? 'overwrite' : undefined)
  if (decided !== undefined) {
    const word = decided === 'recipe' ? 'recipe' : `--${decided}`
    throw new Error(
      `train: expected no ${word} beside --resume ${place}: a run goes on with what it was begun with. ` +
        'Leave it out, or begin a run of its own from where it stands: ' +
        `${howToType('train', '<recipe.ts>', '--resume', join(place, runFiles.state), '--out', '<a new folder>')}`
    )
  }
  const kept = await claimKeptRun(place)
  try {
    const { manifest, run: resume, recorded } = kept
    kept.notes.forEach(say)
    const options = { ...manifest.options, ...optionsOf(given) }
    const { experiment: own, notes } = await loadKeptRecipe(place, manifest)
    notes.forEach(say)
    const experiment = longer(own, options)
    const changes = await recipeChanges(place, manifest)
    if (changes !== undefined) {
      const epochs = options.epochs === undefined ? [] : ['--epochs', String(options.epochs)]
      const typed = howToType(
        'train',
        manifest.recipe,
        ...epochs,
        '--resume',
        join(place, runFiles.state),
        '--out',
        `${place}-changed`,
        '--force'
      )
      say(
        'train: going on with the recipe as the run keeps it. The file that it came from has changed ' +
          `since:\n${changes}\nTo go on with that file instead, where its network has the same form: ${typed}`
      )
    }
    const dataset = await dataOfRun({ manifest, experiment }, 'train', given.data)
    const data = given.data ?? manifest.data
    refuseTaken(describeRun(resume, join(place, runFiles.state)).step, stepsOf(experiment, dataset), place, false)
    const dataHash = await fingerprintOf(dataset)
    if (dataHash !== manifest.dataHash) {
      const told =
        `train: expected the data that the run in ${place} was begun with, ` +
        `but that of "${data}" has changed since: ${dataset.size} examples now, ${manifest.examples} then, ` +
        'and not the same.'
      if (!given.force)
        throw new Error(
          `${told} Put it back, name the place where it lies with --data, or go on with what there is now: ` +
            `${howToType('train', '--resume', place, '--force')}`
        )
      say(`${told} Going on all the same.`)
    }
    const backend = await chosenBackend(options)
    // Nothing of the folder changes before all that was asked is known to be right.
    const run = await reopenRunDirectory(place, kept, { ...manifest, data, examples: dataset.size, dataHash, options })
    return {
      experiment,
      dataset,
      seed: manifest.seed,
      backend,
      run,
      place,
      resume,
      fresh: false,
      force: given.force,
      options,
      recorded
    }
  } catch (error) {
    kept.lock.release()
    throw error
  }
}

/** Whole batches of all epochs. */
export const stepsOf = ({ epochs, batchSize }: Experiment, { size }: Dataset): number =>
  epochs * Math.floor(size / batchSize)

/**
 * Refuses to go on with a run that is beyond where it is to go, or, in a folder of its own, where there is nothing to
 * do.
 */
function refuseTaken(taken: number, wanted: number, what: string, fresh: boolean): void {
  if (taken > wanted || (fresh && taken === wanted)) {
    throw new Error(
      `train: expected more than the ${taken} steps that ${what} has taken, but the epochs asked for are ${wanted}. ` +
        'Give it more --epochs.'
    )
  }
}

/** The path of a recipe that is there, and a file. */
async function fileAt(path: string): Promise<string> {
  await readWholeFile(path).catch((error: Error) => {
    throw new Error(`recipe: ${error.message}`, { cause: error })
  })
  return path
}

/** What was given of it. */
const optionsOf = ({ tensorboard, backend, data, ...given }: Given): RunOptions => ({
  ...(tensorboard && { tensorboard }),
  ...(data !== undefined && { data }),
  ...(backend !== undefined && { backend }),
  ...Object.fromEntries(
    Object.entries(numbers).flatMap(([name, least]) => {
      const text = given[name as keyof typeof numbers]
      return text === undefined ? [] : [[name, wholeNumber(`--${name}`, text, least)]]
    })
  )
})

const longer = (experiment: Experiment, { epochs }: RunOptions): Experiment =>
  epochs === undefined ? experiment : { ...experiment, epochs }

function chosenBackend({ backend = 'auto', threads }: RunOptions): Promise<BackendChoice> {
  if (threads !== undefined && threads > availableParallelism())
    say(`${threads} threads share ${availableParallelism()} processors here: fewer are faster.`)
  return useBackend(backend as BackendName, { threads })
}

const say = (what: string): void => {
  process.stderr.write(`${what}\n`)
}
