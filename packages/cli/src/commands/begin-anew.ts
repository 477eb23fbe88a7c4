import { chosenBackend, longer, optionsOf, refuseTaken, say, stepsOf, type Given } from './train-given.ts'
import type { Beginning } from './beginning.ts'
import { describeRun } from 'lapstrake'
import { howToType, loadBundled, bundleRecipe, claimFolder, createRunDirectory } from '@lapstrake/runs/node'
import { readWholeFile } from 'lapstrake/node'
import { onProgress } from './data-by-name.ts'
import { dataFor } from './data-of-run.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

/** Begins a run of a recipe, from a saved state of another or from nothing. */
export async function beginAnew(
  given: Given,
  signal: AbortSignal,
  resume?: { readonly name: string; readonly bytes: Uint8Array }
): Promise<Beginning> {
  if (given.recipe === undefined) {
    throw new UsageError(
      resume === undefined
        ? 'train: expected a recipe file, such as docs/recipes/03-loco.ts, or a run to go on with: --resume runs/loco-0'
        : `train: expected the recipe of the run that was saved in ${resume.name}, as in: ` +
            `${howToType('train', '<recipe.ts>', '--resume', resume.name, '--out', '<a new folder>')}`
    )
  }
  const options = optionsOf(given)
  if (options.epochs !== undefined && given.set.epochs !== undefined)
    throw new UsageError('train: expected epochs once, got --epochs and --set epochs. Leave one of them out.')
  const saved = resume && describeRun(resume.bytes, resume.name)
  const recipe = await bundleRecipe(await fileAt(given.recipe))
  const experiment = longer(await loadBundled(given.recipe, recipe, given.set), options)
  const seed = given.seed === undefined && saved ? saved.seed : wholeNumber('--seed', given.seed ?? '0', 0)
  const place = given.out ?? `runs/${experiment.name}-${seed}`
  const claim = await claimFolder(place, given.overwrite)
  try {
    if (claim.holdsRun)
      say(`The run in ${place}, with its checkpoints and evaluations, is replaced once this one is finished.`)
    if (claim.replacesToo !== undefined)
      say(`${claim.replacesToo}, a run that ended before it could replace the one in ${place}, is replaced, too.`)
    const backend = await chosenBackend(options)
    const data = dataFor(experiment, options.data, { size: options.size, labels: options['labels-from'] })
    const dataset = await data.open('train', { limit: options.examples, onProgress, onWarning: say, signal })
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

/** The path of a recipe that is there, and a file. */
async function fileAt(path: string): Promise<string> {
  await readWholeFile(path).catch((error: Error) => {
    throw new Error(`recipe: ${error.message} Name the file of a recipe.`, { cause: error })
  })
  return path
}
