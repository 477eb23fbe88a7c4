import { LacksPart, type Data, type Dataset, type Experiment, type OpenOptions, type Split } from 'lapstrake'
import { dataByName, onProgress, refuseSize, usualData } from './data-by-name.ts'
import { say } from './train-given.ts'
import type { Manifest, OpenRun } from '@lapstrake/runs/node'

/** What an experiment learns from: what `--data` names, else its own. */
export function dataFor({ data }: Experiment, given: string | undefined, size?: number): Data {
  if (given !== undefined) return dataByName(given, size)
  refuseSize(size, "the recipe's own data")
  return data ?? usualData
}

/**
 * What a run learned from: what `--data` named when it was begun, else its recipe's own. A recipe that named its data
 * by a string, as those of older runs do, has none of its own: then the manifest names them.
 */
const dataIn = ({ data, options }: Manifest, { data: own }: Experiment): Data =>
  options.data === undefined && own !== undefined ? own : dataByName(options.data ?? data, options.size)

/**
 * Opens the data that a run learned from.
 *
 * @param given data in place of the run's own, as where that lies elsewhere now
 * @throws LacksPart if there is nothing to test with
 */
export async function dataOfRun(
  { manifest, experiment }: Pick<OpenRun, 'manifest' | 'experiment'>,
  split: Split,
  given?: string,
  { limit = split === 'train' ? manifest.examples : undefined, signal }: Pick<OpenOptions, 'limit' | 'signal'> = {}
): Promise<Dataset> {
  const data = given === undefined ? dataIn(manifest, experiment) : dataByName(given, manifest.options.size)
  try {
    return await data.open(split, { limit, onProgress, onWarning: say, signal })
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw error
    const { message } = error as Error
    if (error instanceof LacksPart)
      throw new LacksPart(`${message} Or name data that have some with --data.`, { cause: error })
    throw new Error(
      given === undefined ? `${message} If it lies elsewhere now, name the place with --data.` : message,
      { cause: error }
    )
  }
}
