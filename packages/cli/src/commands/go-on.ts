import { chosenBackend, longer, optionsOf, refuseTaken, say, stepsOf, type Given } from './train-given.ts'
import type { Beginning } from './beginning.ts'
import { join } from 'node:path'
import { describeRun, fingerprintOf } from 'lapstrake'
import {
  howToType,
  loadKeptRecipe,
  recipeChanges,
  claimKeptRun,
  reopenRunDirectory,
  runFiles
} from '@lapstrake/runs/node'
import { dataOfRun } from './data-of-run.ts'
import { UsageError } from '../terminal/usage-error.ts'

/** Goes on with the run in a folder, as it was begun. */
export async function goOn(place: string, given: Given, signal: AbortSignal): Promise<Beginning> {
  const decided =
    (['recipe', 'size', 'labels-from', 'examples', 'seed', 'out'] as const).find(
      option => given[option] !== undefined
    ) ?? (given.overwrite ? 'overwrite' : Object.keys(given.set).length > 0 ? 'set' : undefined)
  if (decided !== undefined) {
    const word = decided === 'recipe' ? 'recipe' : `--${decided}`
    throw new UsageError(
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
    const dataset = await dataOfRun({ manifest, experiment }, 'train', given.data, {
      signal,
      labels: given.data === undefined ? undefined : options['labels-from']
    })
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
