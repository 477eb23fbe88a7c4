import { checkOptions, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkCount } from './checks.ts'
import { normaliseRows } from './normalise-rows.ts'

/**
 * A ring of the newest rows: full of random directions at first, or empty. Part of a loss's memory, saved with the run.
 */
export interface RowQueue {
  /** `[size, dim]`; rows that were never written are zero. */
  readonly rows: tf.Tensor2D
  /** Where the next row goes. */
  readonly next: number
  /** How many rows hold something. */
  readonly filled: number
  readonly [name: string]: tf.Tensor | number
}

export interface RowQueueOptions {
  /** Rows it holds. */
  readonly size: number
  /** Numbers in a row. */
  readonly dim: number
  /** Starts with random unit rows (He et al. 2020), or with none, so that only rows that were seen count. */
  readonly fill?: 'random' | 'empty' | undefined
}

/**
 * First rows of a queue.
 *
 * @throws RangeError if the size is not a whole number above 0, or `dim` not one from 1 to 65536
 */
export function rowQueue(random: Random, options: RowQueueOptions): RowQueue {
  checkOptions('rowQueue', options, { size: 'number', dim: 'number', fill: { among: ['random', 'empty'] } })
  const { size, dim, fill = 'random' } = options
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`rowQueue: expected a size of 1 or more rows, got ${size}. Try 4096.`)
  checkCount('rowQueue', 'dim', dim, 'Try 128.')
  return fill === 'empty'
    ? { rows: tf.zeros([size, dim]), next: 0, filled: 0 }
    : { rows: normaliseRows(random.normal([size, dim])) as tf.Tensor2D, next: 0, filled: size }
}

/** The rows that hold something, `[filled, dim]`. */
export const filledRows = ({ rows, filled }: RowQueue): tf.Tensor2D =>
  filled < rows.shape[0] ? tf.slice(rows, 0, filled) : rows

/**
 * A queue with new rows written over the oldest, round the end where they do not fit: any size goes with any batch. Of
 * more rows than it holds, the last stay.
 *
 * @throws Error if the rows are not as long as those of the queue
 */
export function enqueue(queue: RowQueue, rows: tf.Tensor2D): RowQueue {
  const [size, dim] = queue.rows.shape
  if (rows.shape[1] !== dim)
    throw new Error(
      `enqueue: expected rows of ${dim} numbers, as the queue holds, got ${rows.shape[1]}. Make a new queue.`
    )
  const count = rows.shape[0]
  if (count === 0) return queue
  const kept = Math.min(count, size)
  const start = (queue.next + count - kept) % size
  const newest = tf.slice(rows, count - kept, kept)
  const straight = Math.min(kept, size - start)
  const around = kept - straight
  const parts = [
    [newest, straight, around],
    [queue.rows, around, start - around],
    [newest, 0, straight],
    [queue.rows, start + straight, size - start - straight]
  ] as const
  return {
    rows: tf.concat2d(
      parts.filter(([, , length]) => length > 0).map(([from, at, length]) => tf.slice(from, at, length)),
      0
    ),
    next: (start + kept) % size,
    filled: Math.min(size, queue.filled + count)
  }
}
