import { own, type Batch, type Owned, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { MakeViews } from './augmentations/views.ts'
import type { Dataset, Examples } from './datasets/dataset.ts'
import { shuffled, type Sampler } from './samplers.ts'

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
  /** Milliseconds that passed before its examples were read and decoded, after it was asked for: 0 where the loader keeps up. */
  readonly waited: number
}

export interface LoaderOptions {
  readonly batchSize: number
  /** Decides the order of the examples and every augmentation. */
  readonly random: Random
  readonly views: MakeViews
  /** Which examples an epoch shows, and in which order; every one, shuffled, when left out. */
  readonly sampler?: Sampler
  /** Batches read and decoded ahead of the one in use. */
  readonly ahead?: number
}

/** A source of batches. */
export interface Loader {
  /** Whole batches in an epoch; the examples left over wait for another order. */
  readonly batchesPerEpoch: number
  /** Batches without end, from the first or from a position on. Leave the loop whenever you like. */
  batches(from?: Position): AsyncGenerator<LoadedBatch, void, void>
}

/**
 * Turns a data set into batches of views. The same randomness and position give the same batches.
 *
 * @throws RangeError for a batch size that is no whole number above 0, or fewer examples than a batch holds
 */
export function loader(dataset: Dataset, { batchSize, random, views, sampler = shuffled(), ahead = 2 }: LoaderOptions): Loader {
  if (typeof views !== 'function') throw new TypeError('loader: expected views to be a function, as in views: twoViews(simclr({ size: 32 })).')
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`loader: expected a batch size that is a whole number above 0, got ${typeof batchSize === 'number' ? batchSize : JSON.stringify(batchSize)}. Try 64.`)
  if (batchSize > dataset.size) throw new RangeError(`loader: expected a batch size from 1 to ${dataset.size}, the size of ${dataset.name}, got ${batchSize}. Lower batchSize, or take more examples.`)
  const sample = sampler(dataset, batchSize)
  const batchesPerEpoch = Math.floor(dataset.size / batchSize)
  const orders = new Map<number, Uint32Array>()
  const orderOf = (epoch: number): Uint32Array => {
    if (!orders.has(epoch)) {
      orders.delete(epoch - 2)
      orders.set(epoch, sample(random.split('order', epoch)))
    }
    return orders.get(epoch)!
  }
  const after = ({ epoch, batch }: Position): Position =>
    batch + 1 < batchesPerEpoch ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 }

  async function* batches(from: Position = { epoch: 0, batch: 0 }): AsyncGenerator<LoadedBatch, void, void> {
    interface Reading { readonly at: Position; readonly indices: Uint32Array; readonly examples: Promise<Examples> }
    const queue: Reading[] = []
    let reading = from
    const readAhead = (): void => {
      const indices = orderOf(reading.epoch).slice(reading.batch * batchSize, (reading.batch + 1) * batchSize)
      const examples = dataset.read(indices)
      // An error is thrown where the batch is used, not where nobody listens.
      examples.catch(() => {})
      queue.push({ at: reading, indices, examples })
      reading = after(reading)
    }
    for (;;) {
      while (queue.length <= ahead) readAhead()
      const { at, indices, examples } = queue.shift()!
      const asked = performance.now()
      const { images, labels } = await examples
      const waited = performance.now() - asked
      const batch = own((): Batch => {
        const pixels = tf.div(tf.tensor4d(images, [batchSize, ...dataset.shape], 'int32'), 255) as tf.Tensor4D
        return {
          views: views(pixels, random.split('views', at.epoch, at.batch)),
          ...(labels.every(label => label >= 0) && { labels: tf.tensor1d(labels, 'int32') }),
          indices: tf.tensor1d(Int32Array.from(indices), 'int32')
        }
      })
      yield { batch, epoch: at.epoch, next: after(at), waited }
    }
  }
  return { batchesPerEpoch, batches }
}
