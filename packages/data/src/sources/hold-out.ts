import { checkOptions, seeded } from '@lapstrake/core'
import { checkDataset, pick, type Dataset } from '../datasets/dataset.ts'

export interface HoldOutOptions {
  /** Which part of the examples is held out: 0.1 of them. */
  readonly part?: number | undefined
  /** Decides which: 0. */
  readonly seed?: number | undefined
}

/** A data set in two. */
export interface HeldOut<D extends Dataset = Dataset> {
  /** What is learned from, in the order that it was in. */
  readonly train: D
  /** What is held out to test with. */
  readonly test: D
}

/**
 * Parts a data set in two, the same each time: `dataOf({ name: 'mine', ...holdOut(inMemory({ … })) })`. Of each class a
 * tenth is held out, drawn at random, at least one of two examples and never all; examples without a class are parted
 * as if they were one class.
 *
 * @throws RangeError for a part that is not between 0 and 1
 * @throws TypeError for what is no data set, or none of the options
 * @throws Error for a data set of one example
 */
export function holdOut<D extends Dataset>(dataset: D, options: HoldOutOptions = {}): HeldOut<D> {
  checkOptions<HoldOutOptions>('holdOut', options, { part: 'number', seed: 'number' })
  const { part = 0.1, seed = 0 } = options
  checkPart('holdOut', 'part', part)
  if (part === 0) throw new RangeError('holdOut: expected a part between 0 and 1, got 0. Leave it out for a tenth.')
  checkDataset('holdOut', dataset)
  const draws = seeded(seed).split('held out').uniforms(dataset.size)
  return heldOutBy(dataset, { part, drawOf: place => draws[place]! })
}

/** A part that may be held out. */
export function checkPart(who: string, name: string, part: number): void {
  if (part >= 0 && part < 1) return
  throw new RangeError(`${who}: expected ${name} to be a part from 0 to below 1, got ${part}. Try 0.1.`)
}

/**
 * Parts a data set in two by what examples are called, so that an example is in the same part wherever it lies, and
 * whatever others there are most often.
 */
export function byNames<D extends Dataset>(dataset: D, part: number, nameOf: (place: number) => string): HeldOut<D> {
  const random = seeded(0).split('held out')
  return heldOutBy(dataset, { part, drawOf: place => random.split(nameOf(place)).uniforms(1)[0]! })
}

/** Parts a data set in two: of each class those with the least draws are held out. */
function heldOutBy<D extends Dataset>(
  dataset: D,
  { part, drawOf }: { readonly part: number; readonly drawOf: (place: number) => number }
): HeldOut<D> {
  const { name, size, labels } = dataset
  if (size < 2) {
    throw new Error(`${name}: expected two examples or more to hold out some to test with, got ${size}. Add some.`)
  }
  const members = new Map<number, number[]>()
  for (let place = 0; place < size; place++) {
    const label = labels?.[place] ?? -1
    const places = members.get(label) ?? []
    members.set(label, places)
    places.push(place)
  }
  const draws = Float64Array.from({ length: size }, (_, place) => drawOf(place))
  const drawn = (a: number, b: number): number => draws[a]! - draws[b]! || a - b
  const held = [...members.values()].flatMap(places =>
    places.length < 2 ? [] : places.sort(drawn).slice(0, Math.max(1, Math.round(part * places.length)))
  )
  // Of classes with a single example each there is none to spare: then one of them all is held out.
  const test = Uint32Array.from(held.length > 0 ? held.sort(drawn) : [...draws.keys()].sort(drawn).slice(0, 1))
  const isHeld = new Set(test)
  const train = Uint32Array.from([...draws.keys()].filter(place => !isHeld.has(place)))
  return { train: pick(dataset, train), test: { ...pick(dataset, test), leftOut: undefined } }
}
