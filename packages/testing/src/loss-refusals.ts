import { mapViews, observeKernels, own, type Batch, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'vitest'
import type { LossSuite } from './loss-suite.ts'
import type { Example } from './loss-example.ts'
import { read } from './read.ts'

/** A loss with variables of its own. */
type Run = (example: Example) => tf.Scalar

/** What no loss can compare. */
interface BadInput {
  readonly title: string
  readonly change: (good: Example) => Example
  /** For what a loss may have no use for: then nothing changes. */
  readonly mayBeIgnored?: boolean
}

/** Inputs that every loss refuses by name. */
export const badInputs = ({ views = 2, teacher, targets }: LossSuite): readonly BadInput[] => [
  { title: 'no views at all', change: inPlaceOfViews(() => undefined) },
  { title: 'one tensor in place of views', change: inPlaceOfViews(([first]) => first) },
  { title: 'views of plain numbers', change: inPlaceOfViews(views => views.map(() => [[1, 2]])) },
  { title: 'a view that was disposed', change: inPlaceOfViews(withOneDisposed) },
  { title: 'batches without examples', change: ofNone },
  { title: 'embeddings of integers', change: withViews(view => tf.cast(view, 'int32')) },
  { title: 'embeddings of bool', change: withViews(view => tf.cast(tf.greater(view, 0), 'bool')) },
  {
    title: 'embeddings that are no rows',
    change: withViews(view => tf.sum(tf.reshape(view, [view.shape[0]!, -1]), 1))
  },
  ...(views > 1
    ? [{ title: 'views of other examples', change: withViews((view, place) => (place > 0 ? lessOne(view) : view)) }]
    : []),
  { title: 'labels in a column', change: withLabels(labels => tf.expandDims(labels, 1)), mayBeIgnored: true },
  { title: 'labels of floats', change: withLabels(labels => tf.cast(labels, 'float32')), mayBeIgnored: true },
  { title: 'labels of fewer examples', change: withLabels(lessOne), mayBeIgnored: true },
  ...(teacher ? [{ title: 'views that the teacher did not see', change: withSide('teacher', withOneMore) }] : []),
  ...(targets ? [{ title: 'targets of other views', change: withSide('targets', withOneMore) }] : [])
]

/** Expects that a loss refuses an input, or, where that is allowed, does as if nothing were wrong. */
export function expectRefusal(run: Run, good: Example, { change, mayBeIgnored = false }: BadInput): void {
  const bad = change(good)
  if (isRefused(run, bad)) return
  expect(mayBeIgnored, 'it was computed').toBe(true)
  expect(value(run, bad)).toEqual(value(run, good))
}

/** Expects that one view alone, and one view more, are refused or have their part in the loss. */
export function expectEveryViewToCount(run: Run, good: Example, someMayNotCount: boolean): void {
  const one = inAll(([first]) => [first], good)
  if (!isRefused(run, one)) expect(value(run, one).every(Number.isFinite)).toBe(true)
  const more = inAll(withOneMore, good)
  if (isRefused(run, more) || someMayNotCount) return
  const [first, ...others] = more.views
  const changed = [first, ...others.slice(0, -1), tf.sin(others.at(-1)!)] as unknown as Views<tf.Tensor2D>
  expect(value(run, { ...more, views: changed })).not.toEqual(value(run, more))
}

/** Whether a loss refuses, in the words of all of lapstrake, before it has computed anything. */
function isRefused(run: Run, example: Example): boolean {
  const kernels: string[] = []
  const stop = observeKernels({ ran: ({ kernel }) => kernels.push(kernel) })
  try {
    own(() => run(example)).dispose()
    return false
  } catch (error) {
    expect((error as Error).message).toMatch(/^\w+: expected [^]+, got [^]+\./)
    expect(kernels, 'computed before it was refused').toEqual([])
    return true
  } finally {
    stop()
  }
}

const value = (run: Run, example: Example): number[] => read(own(() => run(example)))

type OfViews = <T extends tf.Tensor>(views: Views<T>) => Views<T>

/** The same for all that there is of each view. */
function inAll(change: OfViews, { views, batch }: Example): Example {
  const { teacher, targets } = batch
  return {
    views: change(views),
    batch: {
      ...batch,
      views: change(batch.views),
      teacher: teacher && change(teacher),
      targets: targets && change(targets)
    }
  }
}

const withOneMore: OfViews = views => [...views, tf.reverse(views[0], 0)]

const ofNone = ({ views, batch }: Example): Example => {
  const none = <T extends tf.Tensor>(tensor: T): T => tf.slice(tensor, 0, 0)
  const example = inAll(views => mapViews(views, none), { views, batch })
  return { ...example, batch: { ...example.batch, labels: none(batch.labels!), indices: none(batch.indices!) } }
}

const inPlaceOfViews =
  (change: (views: Example['views']) => unknown) =>
  ({ views, batch }: Example): Example => ({ views: change(views) as Example['views'], batch })

function withOneDisposed([first, ...more]: Example['views']): unknown {
  const gone = tf.clone(first)
  gone.dispose()
  return [gone, ...more]
}

const withViews =
  (change: (view: tf.Tensor, place: number) => tf.Tensor) =>
  ({ views, batch }: Example): Example => ({ views: mapViews(views, change) as Views<tf.Tensor2D>, batch })

const withLabels =
  (change: (labels: tf.Tensor) => tf.Tensor) =>
  ({ views, batch }: Example): Example => ({ views, batch: { ...batch, labels: change(batch.labels!) } })

const withSide =
  (side: 'teacher' | 'targets', change: OfViews) =>
  ({ views, batch }: Example): Example => ({ views, batch: { ...batch, [side]: change(batch[side]!) } as Batch })

const lessOne = <T extends tf.Tensor>(tensor: T): T => tf.slice(tensor, 1)
