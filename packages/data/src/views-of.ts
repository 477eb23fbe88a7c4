import { checkOptions, own, type Batch, type Owned, type Random, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { View } from './augmentations/views.ts'
import { checkDataset, checkPlaces, type Collated, type Dataset } from './datasets/dataset.ts'
import { UnreadableExample, type Unreadable } from './datasets/unreadable-example.ts'

/** What views make of an input `[batch, ...]` in tensors; view `i` draws from `random.split('view', i)`. */
export const viewsOf = (views: readonly View[], input: tf.Tensor, random: Random): Owned<Views> =>
  viewsOfEach(
    views,
    views.map(() => input),
    random
  )

export interface BatchOfOptions {
  readonly views: readonly View[]
  readonly random: Random
}

/**
 * Some examples of a data set, read and seen through views.
 *
 * @throws UnreadableExample if some of them cannot be read, and Error if a view cannot be made
 * @throws RangeError for places beyond the data set
 * @throws TypeError for what is none of the options, and views that are no list of views
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
  const read = await dataset.read(places)
  const seen = await seenThrough(dataset, views, read, places, (view, place) => random.split('example', view, place))
  return own(() => collateViews(dataset, views, seen, places, random))
}

/** Examples as they were read, and what each view that has a half on the host makes of them. */
export interface Seen {
  readonly examples: readonly unknown[]
  readonly through: readonly (readonly unknown[] | undefined)[]
}

/** Whether a view has a half that runs on the host. */
export const hasHostHalf = (view: View): boolean => typeof view !== 'function' && view.onExample !== undefined

/**
 * Runs the halves of views that run on the host. Each example draws from a source of its own.
 *
 * @throws UnreadableExample with all examples that a view finds damaged, and Error if a view fails otherwise
 */
export async function seenThrough(
  { name }: Dataset,
  views: readonly View[],
  examples: readonly unknown[],
  places: ArrayLike<number>,
  randomOf: (view: number, place: number) => Random
): Promise<Seen> {
  const damaged = new Map<number, UnreadableExample>()
  const look = async (view: View, v: number, example: unknown, place: number): Promise<unknown> => {
    if (typeof view === 'function') return undefined
    try {
      const made = await view.onExample!(example, randomOf(v, place))
      if (made === undefined) throw new TypeError('it gave nothing back')
      return made
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw failed(name, v, place, error)
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

const failed = (name: string, view: number, place: number, cause: unknown): Error =>
  new Error(
    `loader: expected view ${view} of example ${place} of ${name}, but its half on the host failed: ` +
      `${cause instanceof Error ? cause.message : String(cause)}. ` +
      'Mend onExample, or throw an UnreadableExample from it where the example is damaged.',
    { cause }
  )

/**
 * Makes a batch of examples that were seen through views. Those without a half on the host share one input. What stands
 * beside the views is that of the first: boxes belong to the picture that it shows.
 */
export function collateViews(
  dataset: Dataset,
  views: readonly View[],
  { examples, through }: Seen,
  places: ArrayLike<number>,
  random: Random
): Batch {
  let shared: Collated | undefined
  const collated = through.map(made =>
    made === undefined ? (shared ??= dataset.collate(examples)) : dataset.collate(made)
  )
  const contexts = collated.map(({ context }) => context)
  return {
    views: viewsOfEach(
      views,
      collated.map(({ input }) => input),
      random
    ),
    context: contexts.some(context => context !== undefined) ? contexts.map(context => context ?? {}) : undefined,
    labels: collated[0]!.labels,
    examples: collated[0]!.examples,
    indices: tf.tensor1d(Int32Array.from(places), 'int32')
  }
}

const viewsOfEach = (views: readonly View[], inputs: readonly tf.Tensor[], random: Random): Owned<Views> =>
  own(
    () => views.map((view, i) => tensorHalf(view, inputs[i]!, random.split('view', i))) as readonly tf.Tensor[] as Views
  )

function tensorHalf(view: View, input: tf.Tensor, random: Random): tf.Tensor {
  const made = typeof view === 'function' ? view(input as tf.Tensor4D, random) : view.onBatch?.(input, random)
  return made === undefined || made === input ? tf.clone(input) : made
}

/**
 * Insists on a source of random numbers.
 *
 * @throws TypeError for anything else
 */
export function checkRandom(who: string, random: Random): void {
  if (typeof (random as Partial<Random> | undefined)?.split === 'function') return
  throw new TypeError(`${who}: expected random to be a source of random numbers, got none. Try seeded(0).`)
}

/**
 * Insists on views.
 *
 * @throws TypeError for anything but a list with one view or more
 */
export function checkViews(who: string, views: readonly View[]): void {
  const isView = (view: View | null): boolean =>
    typeof view === 'function' ||
    (typeof view === 'object' &&
      view !== null &&
      [view.onExample, view.onBatch].every(half => half === undefined || typeof half === 'function'))
  if (Array.isArray(views) && views.length > 0 && views.every(isView)) return
  throw new TypeError(
    `${who}: expected views to be a list with one view or more, as in views: twoViews(simclr({ size: 32, preset: ` +
      `'cifar' })), got ${Array.isArray(views) ? `a list of ${views.length}` : typeof views}.`
  )
}
