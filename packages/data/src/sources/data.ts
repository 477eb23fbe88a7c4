import { checkGiven, checkOptions } from '@lapstrake/core'
import { checkWhole } from '../whole-number.ts'
import { checkSignal } from './check-signal.ts'
import { LacksPart } from './lacks-part.ts'
import { checkDataset, subset, type Dataset } from '../datasets/dataset.ts'

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
   * @throws TypeError for what is none of the options
   * @throws LacksPart if there is nothing to test with
   * @throws Error if it cannot be had here, is damaged or cut short
   * @throws the reason of the signal, once that is aborted
   */
  open(split: Split, options?: OpenOptions): Promise<D>
}

/** How data are opened. */
export interface OpenOptions {
  /** Only the first so many examples, in place of the data's own limit. */
  readonly limit?: number | undefined
  /** Told of long work: a download, or archives that are listed for the first time. */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined
  /**
   * Told what is allowed but should be said: that a page serves only a part, that some of what lies there is left out,
   * that a limit leaves few of the classes.
   */
  readonly onWarning?: ((warning: string) => void) | undefined
  /** The folder that a page fetches data from; `data/` beside the page when left out. */
  readonly address?: string | undefined
  /** The folder that relative paths lead from, in Node; the working directory when left out. */
  readonly from?: string | undefined
  /**
   * Ends the opening, with its reason: a download stops at once, and what is not whole is not taken for data. What
   * opens data of your own should hand it to `fetch`.
   */
  readonly signal?: AbortSignal | undefined
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

/** A part of data: a data set, the promise of one, or what opens it. */
export type Part<D extends Dataset = Dataset> = D | Promise<D> | ((options: OpenOptions) => D | Promise<D>)

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
 * @throws TypeError for what is no data set, nor opens one
 */
export function dataOf<D extends Dataset>(parts: DataParts<D>): Data<D> {
  checkOptions('dataOf', parts, {
    name: 'string',
    train: ['record', 'function'],
    test: ['record', 'function'],
    limit: 'number'
  })
  const { name, train, test, limit: own } = parts
  checkGiven('dataOf', 'a name', name, 'string')
  checkGiven('dataOf', 'a data set to train with, or what opens one', train, ['record', 'function'])
  checkLimit(name, own)
  checkPart('train', train)
  if (test !== undefined) checkPart('test', test)
  return {
    name,
    async open(split, given = {}) {
      checkOptions(name, given, {
        limit: 'number',
        onProgress: 'function',
        onWarning: 'function',
        address: 'string',
        from: 'string',
        signal: 'record'
      })
      checkSplit(name, split)
      checkSignal(name, given.signal)
      const { limit = split === 'train' ? own : undefined, ...options } = given
      checkLimit(name, limit)
      const part = split === 'train' ? train : test
      if (part === undefined) {
        throw new LacksPart(
          `${name}: expected examples to test with, but these data have none. Give them a part of their own: ` +
            'dataOf({ name, train, test }).'
        )
      }
      options.signal?.throwIfAborted()
      const dataset = await (typeof part === 'function' ? part({ ...options, limit }) : part)
      options.signal?.throwIfAborted()
      checkDataset(name, dataset)
      const { leftOut = [] } = dataset
      if (leftOut.length > 0) options.onWarning?.(`${dataset.name}: left out ${leftOut.join('; ')}.`)
      if (limit === undefined || limit >= dataset.size) return dataset
      const first = subset(dataset, { count: limit })
      tellFewClasses(dataset, first, options)
      return first
    }
  }
}

/** What is promised is looked at when it is opened, and so is what a function opens. */
function checkPart(split: Split, part: Part): void {
  if (typeof part === 'function') return
  if (part instanceof Promise) {
    part.catch(() => {})
    return
  }
  if (isData(part)) {
    throw new TypeError(
      `dataOf: expected ${split} to be a data set, or what opens one, got data that are not open. ` +
        `Give ${split}: options => data.open('${split}', options).`
    )
  }
  checkDataset(`dataOf, ${split}`, part)
}

/** Whether something can be opened as the data of an experiment. */
export const isData = (value: unknown): value is Data =>
  typeof (value as Partial<Data> | null | undefined)?.open === 'function' &&
  typeof (value as Partial<Data>).name === 'string'

/** The first of a data set in the order of its classes are of few of them. */
function tellFewClasses({ name, labels }: Dataset, first: Dataset, { onWarning }: OpenOptions): void {
  if (labels === undefined || first.labels === undefined) return
  const [all, some] = [new Set(labels).size, new Set(first.labels).size]
  if (some < Math.min(all, first.size) / 2)
    onWarning?.(`${name}: the first ${first.size} examples are of ${some} of ${all} classes. Take more, or mix them.`)
}

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
