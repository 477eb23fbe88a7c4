import { LacksPart, type Data, type Dataset, type Experiment, type OpenOptions, type Split } from 'lapstrake'
import { existsSync } from 'node:fs'
import { dataByName, onProgress, refuseOfFolder, usualData, type OfFolder } from './data-by-name.ts'
import { say } from './train-given.ts'
import type { Manifest, OpenRun } from '@lapstrake/runs/node'

/** What an experiment learns from: what `--data` names, else its own. */
export function dataFor({ data }: Experiment, given: string | undefined, folder: OfFolder = {}): Data {
  if (given !== undefined) return dataByName(given, folder)
  refuseOfFolder(folder, "the recipe's own data")
  return data ?? usualData
}

/**
 * What a run learned from: what `--data` named when it was begun, else its recipe's own. A recipe that named its data
 * by a string, as those of older runs do, has none of its own: then the manifest names them.
 */
const dataIn = ({ data, options }: Manifest, { data: own }: Experiment): Data =>
  options.data === undefined && own !== undefined
    ? own
    : dataByName(options.data ?? data, { size: options.size, labels: options['labels-from'] })

/** What is opened of a run's data, and what is said of a folder that is given in its place. */
interface OfRun extends Pick<OpenOptions, 'limit' | 'signal'>, OfFolder {}

/**
 * Opens the data that a run learned from. Relative paths in its recipe lead from where the run was begun, as long as
 * that is there.
 *
 * @param given data in place of the run's own, as where that lies elsewhere now; images of a folder are as large as
 * those that the run learned from, where nothing is said
 * @throws LacksPart if there is nothing to test with
 */
export async function dataOfRun(
  { manifest, experiment }: Pick<OpenRun, 'manifest' | 'experiment'>,
  split: Split,
  given?: string,
  { limit = split === 'train' ? manifest.examples : undefined, signal, ...folder }: OfRun = {}
): Promise<Dataset> {
  if (given === undefined) refuseOfFolder(folder, "the run's own data")
  const size = manifest.options.size ?? (manifest.inputShape.length === 3 ? manifest.inputShape[0] : undefined)
  const data = given === undefined ? dataIn(manifest, experiment) : dataByName(given, folder, size)
  const { directory } = manifest
  const isThere = directory !== undefined && existsSync(directory)
  const from = given === undefined && isThere ? directory : undefined
  try {
    return await data.open(split, { limit, onProgress, onWarning: say, signal, from })
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw error
    const { message } = error as Error
    if (error instanceof LacksPart)
      throw new LacksPart(`${message} Or name data that have some with --data.`, { cause: error })
    if (given !== undefined) throw error
    const gone = directory === undefined || isThere ? '' : ` The run was begun in ${directory}, which is gone.`
    throw new Error(`${message}${gone} If it lies elsewhere now, name the place with --data.`, { cause: error })
  }
}
