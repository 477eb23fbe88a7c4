import type { Dataset } from '@lapstrake/data'

/** @throws TypeError for what reads no examples */
export function checkDataset(who: string, dataset: Dataset): void {
  const { read, collate } = (dataset ?? {}) as Partial<Dataset>
  if (typeof read !== 'function' || typeof collate !== 'function')
    throw new TypeError(
      `${who}: expected a data set, such as await shapes().open("train"), got something that reads no examples.`
    )
}
