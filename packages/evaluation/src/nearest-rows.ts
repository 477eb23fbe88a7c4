import { checkOptions, dispose, own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatchSize, type Features } from './features.ts'
import { unitRows } from './unit-rows.ts'

/** Rows on the host, one after another. */
export type Rows = Pick<Features, 'values' | 'dim'>

export interface NearestRowsOptions {
  /** Neighbours of each row; all where there are no more. 10 when left out. */
  readonly k?: number | undefined
  /** Rows that ask at once. */
  readonly batchSize?: number | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** The nearest rows of each that asked, the most similar first. */
export interface NearestRows {
  /** Neighbours of each: what was asked for, or as many as there are. */
  readonly k: number
  /** Where they stand among the known rows, `k` for each that asked. */
  readonly places: Int32Array
  /** Their cosines, from −1 to 1. */
  readonly similarities: Float32Array
}

/** Known numbers on the backend at a time. */
const numbersAtOnce = 2 ** 24
/** Known rows at a time: what asks is compared with all of them at once. */
const rowsAtOnce = 2 ** 16

/**
 * The `k` rows most similar by cosine to each of some others: a search through all of them, by products of matrices on
 * the backend that is set, block by block, so that a hundred thousand rows need no more room there than fifty thousand.
 * It finds what an index would, never less, and nothing has to be built before. A row that is among those that ask,
 * too, is its own nearest.
 *
 * @throws RangeError if `k` or the batch size is below 1, or rows are not finite
 * @throws Error for rows of different length, and where there are none
 * @throws TypeError for what are no rows
 */
export async function nearestRows(known: Rows, asked: Rows, options: NearestRowsOptions = {}): Promise<NearestRows> {
  checkOptions<NearestRowsOptions>('nearestRows', options, { k: 'number', batchSize: 'number', onProgress: 'function' })
  const { k: wanted = 10, batchSize = 250, onProgress } = options
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new RangeError(`nearestRows: expected k of 1 or more, got ${wanted}. Try 10.`)
  checkBatchSize('nearestRows', batchSize)
  checkBoth(known, asked)
  return search(known, asked, { k: wanted, batchSize, onProgress })
}

/** The search alone, of rows that were checked. */
export async function search(
  known: Rows,
  asked: Rows,
  { k: wanted, batchSize, onProgress }: { k: number; batchSize: number; onProgress?: NearestRowsOptions['onProgress'] }
): Promise<NearestRows> {
  const [count, asking] = [countOf(known), countOf(asked)]
  const k = Math.min(wanted, count)
  const places = new Int32Array(asking * k)
  const similarities = new Float32Array(asking * k).fill(-Infinity)
  const size = Math.min(rowsAtOnce, Math.max(k, Math.floor(numbersAtOnce / known.dim)))
  for (let first = 0; first < count; first += size) {
    const last = Math.min(first + size, count)
    const block = own(() => tf.transpose(unitRows(rowsOf(known, first, last), known.dim)) as tf.Tensor2D)
    for (let start = 0; start < asking; start += batchSize) {
      const end = Math.min(start + batchSize, asking)
      const found = own(() =>
        tf.topk(tf.matMul(unitRows(rowsOf(asked, start, end), asked.dim), block), Math.min(k, last - first), true)
      )
      const [values, indices] = await Promise.all([found.values.data(), found.indices.data()])
      dispose(found)
      const each = Math.min(k, last - first)
      for (let i = 0; i < end - start; i++) {
        const at = (start + i) * k
        merge(similarities.subarray(at, at + k), places.subarray(at, at + k), {
          values: values.subarray(i * each, (i + 1) * each) as Float32Array,
          places: (indices.subarray(i * each, (i + 1) * each) as Int32Array).map(place => place + first)
        })
      }
      onProgress?.(first * asking + (last - first) * end, count * asking)
    }
    dispose(block)
  }
  return { k, places, similarities }
}

/** The best of two lists, each from the most similar down, in the place of the first. */
function merge(
  values: Float32Array,
  places: Int32Array,
  news: { readonly values: Float32Array; readonly places: Int32Array }
): void {
  const [oldValues, oldPlaces] = [values.slice(), places.slice()]
  for (let i = 0, old = 0, fresh = 0; i < values.length; i++) {
    const isOld = fresh >= news.values.length || oldValues[old]! >= news.values[fresh]!
    values[i] = isOld ? oldValues[old]! : news.values[fresh]!
    places[i] = isOld ? oldPlaces[old++]! : news.places[fresh++]!
  }
}

const countOf = ({ values, dim }: Rows): number => values.length / dim
const rowsOf = ({ values, dim }: Rows, start: number, end: number): Float32Array =>
  values.subarray(start * dim, end * dim)

function checkBoth(known: Rows, asked: Rows): void {
  for (const [which, rows] of [
    ['known', known],
    ['asking', asked]
  ] as const) {
    const { values, dim } = (rows ?? {}) as Partial<Rows>
    if (!(values instanceof Float32Array) || typeof dim !== 'number')
      throw new TypeError(
        `nearestRows: expected ${which} rows { values: Float32Array, dim }, as collectFeatures gives them.`
      )
    if (!Number.isInteger(dim) || dim < 1 || values.length === 0 || values.length % dim !== 0)
      throw new Error(
        `nearestRows: expected ${which} rows of ${dim} numbers each, one or more, got ${values.length} numbers.`
      )
    const place = values.findIndex(value => !Number.isFinite(value))
    if (place >= 0)
      throw new RangeError(
        `nearestRows: expected finite rows, got ${values[place]} in ${which} row ${Math.floor(place / dim)}. ` +
          'The network that made them has diverged, or what entered it was not finite.'
      )
  }
  if (known.dim !== asked.dim)
    throw new Error(`nearestRows: expected rows of one length, got ${known.dim} numbers known and ${asked.dim} asking.`)
}
