import { checkGiven, dispose, own, seeded, type Batch, type Owned, type Random, type Shape } from '@lapstrake/core'
import {
  batchOf,
  checkDataset,
  hasHostHalf,
  isImageDataset,
  UnreadableExample,
  viewsOf,
  type Dataset
} from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'
import type { Experiment } from './experiment.ts'

export interface TrialOptions {
  readonly count: number
  /** Decides the views. */
  readonly random: Random
  /** Images to look at, `[count, ...shape]`, for data sets of images. */
  readonly images: (shape: Shape) => tf.Tensor
}

/**
 * A batch to ask an experiment with. Of images nothing need be read: they are made here, unless a view wants them as
 * they lie on the disk. Of anything else, the first examples that can be read.
 *
 * @throws Error if none can be read, or a view cannot be made
 */
export async function trialBatch(
  { views }: Pick<Experiment, 'views'>,
  dataset: Dataset,
  { count, random, images }: TrialOptions
): Promise<Owned<Batch>> {
  if (isImageDataset(dataset) && !views.some(hasHostHalf)) {
    return own(() => ({
      views: viewsOf(views, images([count, ...dataset.shape]), random),
      labels: tf.tensor1d(
        Int32Array.from({ length: count }, (_, i) => i % Math.max(1, dataset.classes.length)),
        'int32'
      ),
      indices: tf.tensor1d(
        Int32Array.from({ length: count }, (_, i) => i),
        'int32'
      )
    }))
  }
  return firstExamples({ views }, dataset, count, random)
}

/**
 * The first examples of a data set as an experiment looks at them, and others in place of those that cannot be read.
 *
 * @throws Error if none can be read, or a view cannot be made
 */
export const firstExamples = (
  { views }: Pick<Experiment, 'views'>,
  dataset: Dataset,
  count: number,
  random: Random = seeded(0)
): Promise<Owned<Batch>> => firstReadable(dataset, count, places => batchOf(dataset, places, { views, random }))

/**
 * A batch of one example, such as `plan` wants to know what enters an experiment's network: the views of a black image,
 * or those of the first example that can be read.
 *
 * @throws Error if none can be read, or a view cannot be made
 */
export async function exampleBatch(experiment: Pick<Experiment, 'views'>, dataset: Dataset): Promise<Owned<Batch>> {
  return oneOf('exampleBatch', experiment, dataset)
}

/** The shape of what enters an experiment's network, without the batch axis: that of a view, found by making one. */
export async function inputShapeOf(experiment: Pick<Experiment, 'views'>, dataset: Dataset): Promise<Shape> {
  const batch = await oneOf('inputShapeOf', experiment, dataset)
  dispose(batch)
  return batch.views[0].shape.slice(1)
}

async function oneOf(who: string, experiment: Pick<Experiment, 'views'>, dataset: Dataset): Promise<Owned<Batch>> {
  checkDataset(who, dataset)
  checkGiven(who, 'an experiment with views', (experiment as Experiment | undefined)?.views, 'list')
  const images = (shape: Shape): tf.Tensor => tf.zeros([...shape])
  return trialBatch(experiment, dataset, { count: 1, random: seeded(0), images })
}

/** Reads the first `count` examples, and the next of them in place of those that cannot be read. */
async function firstReadable<T>({ size }: Dataset, count: number, read: (places: number[]) => Promise<T>): Promise<T> {
  let places = Array.from({ length: Math.min(count, size) }, (_, i) => i)
  for (let next = places.length; ; ) {
    try {
      return await read(places)
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw error
      const lost = new Set(error.unreadable.map(({ place }) => place))
      const left = places.filter(place => !lost.has(place))
      const standIns = Array.from({ length: Math.min(places.length - left.length, size - next) }, (_, i) => next + i)
      if (left.length === places.length || left.length + standIns.length === 0) throw error
      next += standIns.length
      places = [...left, ...standIns]
    }
  }
}
