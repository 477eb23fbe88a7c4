import type { Dataset } from 'lapstrake'
import { dataByName } from './data-by-name.ts'
import type { OpenRun } from '@lapstrake/runs/node'

/**
 * Opens the data that a run learnt from.
 *
 * @param given data in place of the run's own, as where that lies elsewhere now
 */
export const dataOfRun = (
  { manifest }: Pick<OpenRun, 'manifest'>,
  split: 'train' | 'test',
  given?: string,
  limit: number | undefined = split === 'train' ? manifest.examples : undefined
): Promise<Dataset> =>
  dataByName(given ?? manifest.data, split, limit).catch((error: Error) => {
    throw new Error(
      given === undefined ? `${error.message} If it lies elsewhere now, name the place with --data.` : error.message,
      { cause: error }
    )
  })
