import { checkGiven, checkOptions, seeded, type Batch, type Context } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { UnreadableExample } from './unreadable-example.ts'

/**
 * Examples of one kind, read as they are asked for. An example is anything: pixels and a class, a sequence of tokens, a
 * picture with the boxes in it.
 */
export interface Dataset<Example = unknown> {
  /** What to call it in a table; says so when it is not the original. */
  readonly name: string
  readonly size: number
  /** Empty where there are none. */
  readonly classes: readonly string[]
  /** The class of each example, -1 where it is unknown; present when it is known without reading the examples. */
  readonly labels?: Int32Array | undefined
  /** What was found where it lies and is no part of it, and why: `3 hidden, such as a/._1.png`. */
  readonly leftOut?: readonly string[] | undefined
  /** What a person calls an example, such as the path of its file; absent where examples have no names. */
  readonly nameOf?: ((place: number) => string) | undefined
  /**
   * The examples at these places, in this order.
   *
   * @throws UnreadableExample if some of them cannot be read though others can
   * @throws RangeError for places beyond the data set
   */
  read(places: ArrayLike<number>): Promise<readonly Example[]>
  /**
   * Some examples as tensors, row after row. Called within `own`, so that what is made on the way is freed there; what
   * it keeps with `tf.keep` stays its own.
   */
  collate(examples: readonly Example[]): Collated
}

/** Examples as tensors: what enters a network, and what a batch holds beside it. */
export interface Collated extends Pick<Batch, 'labels' | 'examples'> {
  /** `[batch, ...]`, what the first stage takes. */
  readonly input: tf.Tensor
  /** Constants beside it, such as the mask of what is padding, which stages find in `mode.context`. */
  readonly context?: Context | undefined
}

export interface SubsetOptions {
  readonly count: number
  /** The first of them, when they follow each other. */
  readonly from?: number | undefined
  /** Chooses them at random among all. */
  readonly seed?: number | undefined
}

/**
 * A part of a data set: examples that follow each other, the first ones when nothing else is said, or with a seed some
 * at random.
 *
 * @throws RangeError if there are fewer examples than asked for
 * @throws TypeError for what is none of the options
 */
export function subset<D extends Dataset>(dataset: D, options: SubsetOptions): D {
  checkOptions('subset', options, { count: 'number', from: 'number', seed: 'number' })
  checkDataset('subset', dataset)
  const { count, from = 0, seed } = options
  if (!Number.isInteger(count) || count < 1 || count > dataset.size) {
    throw new RangeError(
      `subset: expected 1 to ${dataset.size} examples, for ${dataset.name} has no more, got ${count}.`
    )
  }
  if (!Number.isInteger(from) || from < 0 || from + count > dataset.size) {
    throw new RangeError(
      `subset: expected examples within 0 to ${dataset.size}, the size of ${dataset.name}, ` +
        `got ${from} to ${from + count}.`
    )
  }
  const chosen =
    seed === undefined
      ? Uint32Array.from({ length: count }, (_, i) => from + i)
      : seeded(seed).split('subset').permutation(dataset.size).slice(0, count)
  return pick(dataset, chosen)
}

/**
 * The examples of a data set at these places, in this order.
 *
 * @throws RangeError for places beyond the data set
 */
export function pick<D extends Dataset>(dataset: D, places: Uint32Array): D {
  checkDataset('pick', dataset)
  const { labels, nameOf } = dataset
  checkPlaces(dataset.name, places, dataset.size)
  return {
    ...shownBy(dataset),
    size: places.length,
    labels: labels && Int32Array.from(places, place => labels[place]!),
    nameOf: nameOf && ((i: number) => nameOf(places[i]!)),
    read: async (indices: ArrayLike<number>) => {
      checkPlaces(dataset.name, indices, places.length)
      try {
        return await dataset.read(Uint32Array.from(indices, i => places[i]!))
      } catch (error) {
        if (!(error instanceof UnreadableExample)) throw error
        const asked = [...new Set(Array.from(indices))]
        throw error.at(place => asked.filter(i => places[i] === place))
      }
    }
  }
}

/** All that a data set shows, also as an instance of a class: its methods are called through itself. */
export function shownBy<D extends object>(dataset: D): D {
  const shown: Record<string, unknown> = { ...(dataset as Record<string, unknown>) }
  const own = new Set(Object.keys(shown))
  let holder: unknown = Object.getPrototypeOf(dataset)
  while (typeof holder === 'object' && holder !== null && holder !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (name === 'constructor' || name in shown) continue
      shown[name] = (dataset as Record<string, unknown>)[name]
    }
    holder = Object.getPrototypeOf(holder)
  }
  for (const [name, value] of Object.entries(shown)) {
    if (typeof value === 'function' && (name === 'collate' || !own.has(name)))
      shown[name] = (...given: unknown[]): unknown => value.apply(dataset, given)
  }
  return shown as D
}

/**
 * Insists on a data set.
 *
 * @throws TypeError for anything else, such as data that were not opened, and for labels that are no `Int32Array` with
 * one for each example
 */
export function checkDataset(who: string, dataset: Dataset): void {
  const { size, read, collate, open } = (dataset ?? {}) as Partial<Dataset> & { readonly open?: unknown }
  if (typeof read === 'function' && typeof collate === 'function') {
    if (Number.isInteger(size) && size! >= 0) return checkLabels(who, dataset)
    throw new TypeError(
      `${who}: expected the size of ${dataset.name} to be a whole number, got ${size}. Count its examples.`
    )
  }
  const what = dataset === undefined || dataset === null ? String(dataset) : `a ${typeof dataset}`
  const got = typeof open === 'function' ? 'data that are not open' : what
  throw new TypeError(`${who}: expected a data set, got ${got}. Open data by await data.open('train').`)
}

/**
 * Insists on the labels of a data set, where it has any: others would be missing where they are looked up.
 *
 * @throws TypeError for anything but an `Int32Array` with one for each example
 */
export function checkLabels(who: string, { name, size, labels }: Pick<Dataset, 'name' | 'size' | 'labels'>): void {
  const given: unknown = labels
  if (given === undefined || (given instanceof Int32Array && given.length === size)) return
  const got = given instanceof Int32Array ? `${given.length} of them` : shownKind(given)
  throw new TypeError(
    `${who}: expected the labels of ${name} to be an Int32Array of ${size}, one for each example and -1 where it is ` +
      `unknown, got ${got}. Make one by Int32Array.from(labels), or leave labels out.`
  )
}

const shownKind = (value: unknown): string =>
  Array.isArray(value)
    ? 'a list'
    : typeof value === 'object' && value !== null
      ? `a ${value.constructor?.name ?? 'record'}`
      : String(value)

/** Examples are asked for by their places in a data set. */
export function checkPlaces(name: string, places: ArrayLike<number>, size: number): void {
  checkGiven(name, 'a list of places', places, 'list')
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!
    if (Number.isInteger(place) && place >= 0 && place < size) continue
    throw new RangeError(`${name}: expected places from 0 to ${size - 1}, got ${place}. Take places of this data set.`)
  }
}
