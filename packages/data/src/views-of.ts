import { checkOptions, own, type Batch, type Owned, type Random, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkRandom } from './check-random.ts'
import { checkMade } from './augmentations/compose.ts'
import type { View, ViewHalves } from './augmentations/views.ts'
import { collatedBy, typed } from './datasets/collated-by.ts'
import { checkDataset, checkPlaces, type Collated, type Dataset } from './datasets/dataset.ts'
import { UnreadableExample, type Unreadable } from './datasets/unreadable-example.ts'

/**
 * What views make of an input `[batch, ...]` in tensors; view `i` draws from `random.split('view', i)`.
 *
 * @throws TypeError for views that are no list of views, an input that is no living tensor, and a view that gives no
 * tensor back, or one without a row for each example
 */
export function viewsOf(views: readonly View[], input: tf.Tensor, random: Random): Owned<Views> {
  checkViews('viewsOf', views)
  if (!((input as unknown) instanceof tf.Tensor) || input.isDisposed || input.rank === 0)
    throw new TypeError(`viewsOf: expected an input as a living tensor [batch, ...], got ${typed(input)}.`)
  checkRandom('viewsOf', random)
  return viewsOfEach(
    'viewsOf',
    '',
    views,
    views.map(() => input),
    random
  )
}

export interface BatchOfOptions {
  readonly views: readonly View[]
  readonly random: Random
}

/**
 * Some examples of a data set, read and seen through views.
 *
 * @throws UnreadableExample if some of them cannot be read, and Error if a view cannot be made
 * @throws RangeError for places beyond the data set
 * @throws TypeError for what is none of the options, views that are no list of views, and a data set, a `collate` or a
 * view that gives something else than it should
 */
export async function batchOf(
  dataset: Dataset,
  places: ArrayLike<number>,
  options: BatchOfOptions
): Promise<Owned<Batch>> {
  checkOptions('batchOf', options, { views: 'list', random: 'record' })
  const { views, random } = options
  checkDataset('batchOf', dataset)
  checkViews('batchOf', views)
  checkRandom('batchOf', random)
  checkPlaces(dataset.name, places, dataset.size)
  if (places.length === 0) throw new RangeError(`batchOf: expected one place or more of ${dataset.name}, got none.`)
  const seen = await seenThrough('batchOf', dataset, views, places, (view, place) =>
    random.split('example', view, place)
  )
  return own(() => collateViews('batchOf', dataset, views, seen, places, random))
}

/** Examples as they were read, and what each view that has a half on the host makes of them. */
export interface Seen {
  readonly examples: readonly unknown[]
  readonly through: readonly (readonly unknown[] | undefined)[]
}

/** Whether a view has a half that runs on the host. */
export const hasHostHalf = (view: View): boolean => typeof view !== 'function' && view?.onExample !== undefined

/**
 * Reads examples, and runs the halves of views that run on the host. Each example draws from a source of its own.
 *
 * @throws UnreadableExample with all examples that a view finds damaged, and Error if a view fails otherwise
 */
export async function seenThrough(
  who: string,
  dataset: Dataset,
  views: readonly View[],
  places: ArrayLike<number>,
  randomOf: (view: number, place: number) => Random
): Promise<Seen> {
  const { name } = dataset
  const examples = await dataset.read(places)
  checkRead(who, dataset, examples, places.length)
  const damaged = new Map<number, UnreadableExample>()
  const look = async (view: View, v: number, example: unknown, place: number): Promise<unknown> => {
    if (typeof view === 'function') return undefined
    try {
      const made = await view.onExample!(example, randomOf(v, place))
      if (made === undefined || made === null) throw new TypeError('it gave nothing back')
      return made
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw failed(who, name, v, place, error)
      damaged.set(place, error)
      return undefined
    }
  }
  const through = await Promise.all(
    views.map((view, v) =>
      hasHostHalf(view) ? Promise.all(examples.map((example, i) => look(view, v, example, places[i]!))) : undefined
    )
  )
  const [first, ...others] = [...new Set(Array.from(places))]
    .filter(place => damaged.has(place))
    .map((place): Unreadable => ({ place, example: damaged.get(place)!.example, reason: damaged.get(place)!.reason }))
  if (first === undefined) return { examples, through }
  const cause = damaged.get(first.place)!
  throw new UnreadableExample([first, ...others], { who: cause.who, what: cause.what, cause })
}

const failed = (who: string, name: string, view: number, place: number, cause: unknown): Error =>
  new Error(
    `${who}: expected view ${view} of example ${place} of ${name}, but its half on the host failed: ` +
      `${cause instanceof Error ? cause.message : String(cause)}. ` +
      'Mend onExample, or throw an UnreadableExample from it where the example is damaged.',
    { cause }
  )

function checkRead(who: string, { name, size }: Dataset, examples: unknown, count: number): void {
  // Unlike findIndex, `includes` sees holes.
  const isList = Array.isArray(examples)
  if (isList && examples.length === count && !examples.includes(undefined)) return
  const missing = isList ? Array.from(examples).indexOf(undefined) : -1
  const got = missing >= 0 ? `nothing as number ${missing} of them` : typed(examples)
  throw new TypeError(
    `${who}: expected ${name} to read a list of ${count} examples, one for each place, got ${got}. ` +
      `Give the examples in the order of their places, and a size that it has, not ${size}, where there are fewer.`
  )
}

/**
 * Makes a batch of examples that were seen through views. Those without a half on the host share one input. What stands
 * beside the views is that of the first: boxes belong to the picture that it shows.
 */
export function collateViews(
  who: string,
  dataset: Dataset,
  views: readonly View[],
  { examples, through }: Seen,
  places: ArrayLike<number>,
  random: Random
): Batch {
  let shared: Collated | undefined
  const collated = through.map(made =>
    made === undefined ? (shared ??= collatedBy(who, dataset, examples)) : collatedBy(who, dataset, made)
  )
  const inputs = collated.map(({ input }) => input)
  const shown = viewsOfEach(who, ` of ${dataset.name}`, views, inputs, random)
  const [{ input, labels, examples: beside }] = collated as [Collated]
  checkFollows(who, dataset, beside, input, shown[0])
  const contexts = collated.map(({ context }) => context)
  return {
    views: shown,
    context: contexts.some(context => context !== undefined) ? contexts.map(context => context ?? {}) : undefined,
    labels,
    examples: beside,
    indices: tf.tensor1d(Int32Array.from(places), 'int32')
  }
}

/** Boxes are those of the picture as it was collated: what brings it to another size leaves them behind. */
function checkFollows(
  who: string,
  { name }: Dataset,
  beside: Collated['examples'],
  input: tf.Tensor,
  shown: tf.Tensor
): void {
  if (beside === undefined || Object.keys(beside).length === 0) return
  if (shown.shape.slice(1).join() === input.shape.slice(1).join()) return
  throw new TypeError(
    `${who}: expected view 0 of ${name} to keep the shape [${input.shape.join(', ')}], for ` +
      `${Object.keys(beside).join(' and ')} belong to it, got [${shown.shape.join(', ')}]. ` +
      'Change its size with instanceCrop, or another onExample that moves all of an example.'
  )
}

const viewsOfEach = (
  who: string,
  ofWhat: string,
  views: readonly View[],
  inputs: readonly tf.Tensor[],
  random: Random
): Owned<Views> =>
  own(
    () =>
      views.map((view, i) =>
        tensorHalf(`${who}: expected view ${i}${ofWhat} to give`, view, inputs[i]!, random.split('view', i))
      ) as readonly tf.Tensor[] as Views
  )

function tensorHalf(expected: string, view: View, input: tf.Tensor, random: Random): tf.Tensor {
  if (typeof view !== 'function' && view.onBatch === undefined) return tf.clone(input)
  const made: unknown = typeof view === 'function' ? view(input as tf.Tensor4D, random) : view.onBatch!(input, random)
  checkMade(`${expected} a tensor back`, made)
  if (made.shape[0] !== input.shape[0] || made.size === 0) {
    throw new TypeError(
      `${expected} ${input.shape[0]} rows back, one for each example, got shape [${made.shape.join(', ')}]. ` +
        'Change what is in a row, and leave their number.'
    )
  }
  // A view may keep what it gives.
  return tf.clone(made)
}

/**
 * Insists on views.
 *
 * @throws TypeError for anything but a list with one view or more, and a view with neither half or with something else
 */
export function checkViews(who: string, views: readonly View[]): void {
  const isView = (view: View | null): boolean =>
    typeof view === 'function' || (typeof view === 'object' && view !== null && !Array.isArray(view))
  if (!Array.isArray(views) || views.length === 0 || !Array.from(views).every(isView)) {
    throw new TypeError(
      `${who}: expected views to be a list with one view or more, as in views: twoViews(simclr({ size: 32, preset: ` +
        `'cifar' })), got ${Array.isArray(views) ? `a list of ${views.length}` : typeof views}.`
    )
  }
  views.forEach((view: View, i) => {
    if (typeof view !== 'function') checkHalves(`${who}, view ${i}`, view)
  })
}

function checkHalves(who: string, view: ViewHalves): void {
  const { onExample, onBatch } = view
  // An instance of a class may hold more than its halves.
  const halves = Object.getPrototypeOf(view) === Object.prototype ? view : { onExample, onBatch }
  checkOptions<ViewHalves>(who, halves as ViewHalves, { onExample: 'function', onBatch: 'function' })
  if (onExample === undefined && onBatch === undefined)
    throw new TypeError(`${who}: expected onExample, onBatch or both, got neither. Try { onBatch: input => input }.`)
}
