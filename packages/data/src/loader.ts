import { checkGiven, checkOptions, own, type Batch, type Owned, type Random } from '@lapstrake/core'
import type { View } from './augmentations/views.ts'
import { checkRandom } from './check-random.ts'
import { checkDataset, checkPlaces, type Dataset } from './datasets/dataset.ts'
import type { Unreadable } from './datasets/unreadable-example.ts'
import { beginBatch, checkFew, type Begun, type Known, type ReadBatch, type Reader } from './read-batch.ts'
import { shuffled, type Sampler } from './samplers.ts'
import type { Replaced } from './stand-ins.ts'
import { checkViews, collateViews, seenThrough, type Seen } from './views-of.ts'
import { checkWhole } from './whole-number.ts'

/** Where a loader is: the batch it gives next. */
export interface Position {
  readonly epoch: number
  readonly batch: number
}

/** A batch and where it stands. */
export interface LoadedBatch {
  /** The caller's own: dispose it after the step. */
  readonly batch: Owned<Batch>
  /** The epoch this batch belongs to. */
  readonly epoch: number
  /** Give this to `batches` to go on behind this batch. */
  readonly next: Position
  /**
   * Milliseconds that passed before its examples were read and decoded, after it was asked for: 0 where the loader
   * keeps up.
   */
  readonly waited: number
  /** Examples of this batch that cannot be read, and which stand in for them. */
  readonly replaced: readonly Replaced[]
  /**
   * Examples that were found unreadable in reading this batch and not before: of the batch, or looked at as
   * stand-ins.
   */
  readonly newlyUnreadable: readonly Unreadable[]
}

export interface LoaderOptions {
  readonly batchSize: number
  /** Decides the order of the examples and every view. */
  readonly random: Random
  /** How each example is looked at, once or more. */
  readonly views: readonly View[]
  /** Which examples an epoch shows, and in which order; every one, shuffled, when left out. */
  readonly sampler?: Sampler | undefined
  /** Batches read and decoded ahead of the one in use. */
  readonly ahead?: number | undefined
  /**
   * Places of examples known to be unreadable, as another loader of the data set told them: they are not read again.
   */
  readonly unreadable?: Iterable<number> | undefined
}

/** A source of batches. */
export interface Loader {
  /** Whole batches in an epoch; the examples left over wait for another order. */
  readonly batchesPerEpoch: number
  /**
   * Places of examples that cannot be read, so far as batches that were given have shown it. Save it with the
   * position, and a loader that gets both gives the batches that this one would have.
   */
  readonly unreadable: ReadonlySet<number>
  /** Batches without end, from the first or from a position on. Leave the loop whenever you like. */
  batches(from?: Position): AsyncGenerator<LoadedBatch, void, void>
}

/** Batches in memory before the first is used. */
const mostAhead = 1000

/**
 * Turns a data set into batches of views. The same randomness and position give the same batches.
 *
 * A batch is collated once, and views change it in tensors. Those with a half on the host are collated each on its own,
 * with a context of its own; such a half draws from a source for its epoch, view and example, wherever in a batch that
 * stands. What stands beside the views, labels and the others, is that of the first view.
 *
 * An example that cannot be read (see {@link UnreadableExample}) is replaced by the next of the epoch's order behind
 * the batch, from its end on from its beginning, so that a batch keeps its size and shows none twice; where the
 * sampler's order is made of tuples, the whole tuple is replaced by the next whole one. It is not read again. Which
 * stands in for which depends on the order and on which cannot be read, and not on `ahead` or on how fast files are
 * read.
 *
 * @throws RangeError for a batch size that is no whole number above 0, or fewer examples than a batch holds; for
 * `ahead` beyond 0 to 1000, or `unreadable` places beyond the data set
 * @throws TypeError for what is none of the options, and views that are no list of views; and from the batch on that
 * needs it, for a sampler, a `read`, a `collate` or a view that gives something else than it should
 * @throws Error if a view fails; or if more than one in a hundred examples cannot be read, from the batch on that finds
 * the last of them
 */
export function loader(dataset: Dataset, options: LoaderOptions): Loader {
  checkOptions('loader', options, {
    batchSize: 'number',
    random: 'record',
    views: 'list',
    sampler: 'function',
    ahead: 'number',
    unreadable: ['list', 'record']
  })
  checkDataset('loader', dataset)
  const { batchSize, random, views, sampler = shuffled(), ahead = 2 } = options
  const told = [...listOf(options.unreadable)]
  checkLoader(dataset, options, told)
  const sample = sampler(dataset, batchSize)
  checkGiven('loader', 'a sampler that gives a function of randomness, as in shuffled()', sample, 'function')
  const tuple = tupleOf(sampler, batchSize)
  const batchesPerEpoch = Math.floor(dataset.size / batchSize)
  const met = new Map<number, Unreadable | undefined>(told.map(place => [place, undefined]))
  const unreadable = new Set(met.keys())
  checkFew(dataset, met)
  const orderOf = ordersOf(epoch =>
    checkedOrder(dataset, sample(random.split('order', epoch)), batchesPerEpoch * batchSize)
  )
  const readerOf = (epoch: number): Reader<Seen> => ({
    name: dataset.name,
    size: dataset.size,
    read: async places =>
      seenThrough('loader', dataset, views, places, (view, place) => random.split('example', epoch, view, place))
  })
  const after = ({ epoch, batch }: Position): Position =>
    batch + 1 < batchesPerEpoch ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 }

  async function* batches(from: Position = { epoch: 0, batch: 0 }): AsyncGenerator<LoadedBatch, void, void> {
    checkGiven('loader', 'a position, as in { epoch: 0, batch: 0 }', from, 'record')
    checkWhole('loader', 'the epoch of a position', from.epoch, 0)
    checkWhole('loader', 'the batch of a position', from.batch, 0, batchesPerEpoch - 1)
    const queue: { readonly at: Position; readonly reading: Promise<ReadBatch<Seen>> }[] = []
    let upcoming = from
    // What is known by now, for reading ahead, and what is known behind the last batch, for certain: batches end one
    // after another.
    let guess: Known = new Map(met)
    let certain: Promise<Known> = Promise.resolve(guess)
    const readAhead = (): void => {
      const at = upcoming
      // A sampler that fails for an epoch is an error of whoever asks for that epoch.
      const begun = new Promise<Begun<Seen>>(resolve => {
        const stretch = { order: orderOf(at.epoch), start: at.batch * batchSize, size: batchSize, tuple }
        resolve(beginBatch(readerOf(at.epoch), stretch, guess))
      })
      begun.catch(() => {})
      const ended = certain.then(async before => (await begun).end(before))
      certain = ended.then(({ known }) => (guess = known))
      certain.catch(() => {})
      queue.push({ at, reading: ended })
      upcoming = after(at)
    }
    for (;;) {
      while (queue.length <= ahead) readAhead()
      const { at, reading } = queue.shift()!
      const asked = performance.now()
      const { examples, places, replaced, found } = await reading
      const waited = performance.now() - asked
      for (const one of found) {
        met.set(one.place, one)
        unreadable.add(one.place)
      }
      const drawn = random.split('views', at.epoch, at.batch)
      const batch = own(() => collateViews('loader', dataset, views, examples, places, drawn))
      yield { batch, epoch: at.epoch, next: after(at), waited, replaced, newlyUnreadable: found }
    }
  }
  return { batchesPerEpoch, unreadable, batches }
}

/** Orders of epochs, of which the last two are remembered. */
function ordersOf(make: (epoch: number) => Uint32Array): (epoch: number) => Uint32Array {
  const orders = new Map<number, Uint32Array>()
  return epoch => {
    if (!orders.has(epoch)) {
      orders.delete(epoch - 2)
      orders.set(epoch, make(epoch))
    }
    return orders.get(epoch)!
  }
}

type Checked = Pick<LoaderOptions, 'batchSize' | 'random' | 'views' | 'ahead'>

function listOf(unreadable: Iterable<number> | undefined = []): Iterable<number> {
  if (typeof (unreadable as Partial<Iterable<number>>)[Symbol.iterator] === 'function') return unreadable
  throw new TypeError('loader: expected unreadable to be a list of places, got a record. Give loader.unreadable.')
}

function checkLoader({ name, size }: Dataset, options: Checked, told: readonly number[]): void {
  const { batchSize, random, views, ahead = 2 } = options
  checkViews('loader', views)
  checkRandom('loader', random)
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`loader: expected a batch size that is a whole number above 0, got ${batchSize}. Try 64.`)
  if (batchSize > size) {
    throw new RangeError(
      `loader: expected a batch size from 1 to ${size}, the size of ${name}, got ${batchSize}. ` +
        'Lower batchSize, or take more examples.'
    )
  }
  checkWhole('loader', 'ahead', ahead, 0, mostAhead)
  for (const place of told) checkWhole('loader', `unreadable to hold places of ${name}, each`, place, 0, size - 1)
}

function tupleOf({ tuple = 1 }: Sampler, batchSize: number): number {
  if (Number.isInteger(tuple) && tuple >= 1 && batchSize % tuple === 0) return tuple
  throw new RangeError(
    `loader: expected the sampler's tuple to divide the batch of ${batchSize}, got ${tuple}. ` +
      'Choose a batch size that is a multiple of it.'
  )
}

function checkedOrder({ name, size }: Dataset, order: Uint32Array, least: number): Uint32Array {
  checkGiven('loader', 'a sampler that gives a list of places for an epoch, as shuffled() does', order, 'list')
  if (order.length >= least) {
    checkPlaces(name, order, size)
    return ArrayBuffer.isView(order) ? order : Uint32Array.from(order)
  }
  throw new RangeError(
    `loader: expected the sampler to give ${least} places or more for an epoch, got ${order.length}. Fill every batch.`
  )
}
