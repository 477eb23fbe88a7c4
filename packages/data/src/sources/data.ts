import { checkWhole } from '../whole-number.ts'
import { subset, type Dataset } from '../datasets/dataset.ts'

/** What is learned from, and what is tested with. */
export type Split = 'train' | 'test'

/** Where an experiment's examples come from. Making one reads nothing; opening does. */
export interface Data<D extends Dataset = Dataset> {
  /** What a table or a run's manifest calls it. */
  readonly name: string
  /**
   * Opens a part of it, wherever it runs: from files or by a download in Node, Bun and Deno, from what the site serves
   * in a page.
   *
   * @throws RangeError for a part that is neither `train` nor `test`, and for a limit that is no whole number above 0
   * @throws Error if it cannot be had here, is damaged or cut short
   */
  open(split: Split, options?: OpenOptions): Promise<D>
}

/** How data are opened. */
export interface OpenOptions {
  /** Only the first so many examples, in place of the data's own limit. */
  readonly limit?: number | undefined
  /** Told of long work: a download, or archives that are listed for the first time. */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined
  /** Told what is allowed but should be said, such as that a page serves only a part. */
  readonly onWarning?: ((warning: string) => void) | undefined
  /** The folder that a page fetches data from; `data/` beside the page when left out. */
  readonly address?: string | undefined
}

/** How far the opening of data is. */
export interface OpenProgress {
  /** What is worked at, such as the name of a file. */
  readonly what: string
  readonly done: number
  /** Absent when nobody knows. */
  readonly total?: number | undefined
  readonly unit: 'bytes' | 'files'
}

/** A part of data: a data set, or what opens it. */
export type Part<D extends Dataset = Dataset> = D | ((options: OpenOptions) => D | Promise<D>)

/** What data of your own are made of. */
export interface DataParts<D extends Dataset = Dataset> {
  readonly name: string
  readonly train: Part<D>
  readonly test?: Part<D> | undefined
  /** Only the first so many training examples. */
  readonly limit?: number | undefined
}

/**
 * Data of your own: `dataOf({ name: 'mine', train: inMemory({ … }), test: () => openImageFolder('held-out') })`. What
 * opens a part is told the limit and need not heed it.
 *
 * @throws RangeError for a limit that is no whole number above 0
 */
export function dataOf<D extends Dataset>({ name, train, test, limit: own }: DataParts<D>): Data<D> {
  checkLimit(name, own)
  const parts = { train, test }
  return {
    name,
    async open(split, { limit = split === 'train' ? own : undefined, ...options } = {}) {
      checkSplit(name, split)
      checkLimit(name, limit)
      const part = parts[split]
      if (part === undefined) throw new Error(`${name}: expected examples to test with, but these data have none.`)
      const dataset = typeof part === 'function' ? await part({ ...options, limit }) : part
      return limit !== undefined && limit < dataset.size ? subset(dataset, { count: limit }) : dataset
    }
  }
}

/** Whether something can be opened as the data of an experiment. */
export const isData = (value: unknown): value is Data =>
  typeof (value as Partial<Data> | null | undefined)?.open === 'function' &&
  typeof (value as Partial<Data>).name === 'string'

function checkSplit(name: string, split: Split): void {
  if (split === 'train' || split === 'test') return
  throw new RangeError(
    `${name}: expected the part 'train' or 'test', got ${JSON.stringify(split)}. ` +
      'Other parts are data of their own, made by dataOf.'
  )
}

function checkLimit(name: string, limit: number | undefined): void {
  if (limit !== undefined) checkWhole(name, 'limit', limit, 1)
}
