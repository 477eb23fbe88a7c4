import { own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** What an encoder says about labelled examples, on the host. */
export interface Features {
  /** Row after row, `labels.length` of them. */
  readonly values: Float32Array
  readonly labels: Int32Array
  /** Numbers in a row. */
  readonly dim: number
}

export interface CollectOptions {
  /** How maps `[batch, height, width, channels]` become rows: their mean, all their values, or the means of a grid of cells. */
  readonly pool?: 'mean' | 'flatten' | { readonly grid: number }
  readonly batchSize?: number
  readonly onProgress?: (done: number, total: number) => void
}

/** A part of a data set: what `@lapstrake/data` reads, or anything like it. */
interface Readable {
  readonly size: number
  readonly shape: readonly number[]
  read(indices: ArrayLike<number>): Promise<{ readonly images: Uint8Array; readonly labels: Int32Array }>
}

/**
 * Runs an encoder over a whole data set and gathers its features.
 *
 * `encode` gets images `[batch, height, width, channels]` from 0 to 1 and gives maps or rows; for the pixels themselves take
 * the identity, `images => images.clone()`, with `pool: 'flatten'`. Its results are freed here.
 *
 * @throws Error if an example has no label
 */
export async function collectFeatures(
  dataset: Readable, encode: (images: tf.Tensor4D) => tf.Tensor, { pool = 'mean', batchSize = 250, onProgress }: CollectOptions = {}
): Promise<Features> {
  const rows: Float32Array[] = []
  const labels = new Int32Array(dataset.size)
  for (let start = 0; start < dataset.size; start += batchSize) {
    const count = Math.min(batchSize, dataset.size - start)
    const examples = await dataset.read(Uint32Array.from({ length: count }, (_, i) => start + i))
    const unlabelled = examples.labels.findIndex(label => label < 0)
    if (unlabelled >= 0) throw new Error(`collectFeatures: expected labelled examples, but example ${start + unlabelled} has no label.`)
    const features = own(() => {
      const pixels = tf.div(tf.tensor(examples.images, [count, ...dataset.shape], 'int32'), 255) as tf.Tensor4D
      return pooled(encode(pixels), pool)
    })
    rows.push(await features.data() as Float32Array)
    features.dispose()
    labels.set(examples.labels, start)
    onProgress?.(start + count, dataset.size)
  }
  const dim = rows[0]!.length / Math.min(batchSize, dataset.size)
  const values = new Float32Array(dataset.size * dim)
  rows.forEach((part, i) => values.set(part, i * batchSize * dim))
  return { values, labels, dim }
}

function pooled(maps: tf.Tensor, pool: NonNullable<CollectOptions['pool']>): tf.Tensor {
  const batch = maps.shape[0]!
  if (maps.rank !== 4 || pool === 'flatten') return tf.reshape(maps, [batch, -1])
  const [, height, width] = maps.shape as [number, number, number, number]
  if (pool === 'mean') return tf.reshape(tf.avgPool(maps as tf.Tensor4D, [height, width], 1, 'valid'), [batch, -1])
  if (!(pool.grid >= 1 && pool.grid <= Math.min(height, width))) {
    throw new RangeError(`collectFeatures: expected a grid from 1 to ${Math.min(height, width)}, for the maps are ${height} × ${width}, got ${pool.grid}.`)
  }
  // Cells of equal size whose strides cover the map; where it does not divide they overlap.
  const cell = (length: number): [size: number, stride: number] => {
    const stride = Math.floor(length / pool.grid)
    return [length - (pool.grid - 1) * stride, stride]
  }
  const [[cellHeight, strideHeight], [cellWidth, strideWidth]] = [cell(height), cell(width)]
  return tf.reshape(tf.avgPool(maps as tf.Tensor4D, [cellHeight, cellWidth], [strideHeight, strideWidth], 'valid'), [batch, -1])
}

/** What every reader of features insists on. */
export function checkFeatures(who: string, train: Features, test: Features): number {
  if (train.dim !== test.dim) {
    throw new Error(`${who}: expected features of one length, got ${train.dim} numbers for training and ${test.dim} for testing.`)
  }
  const classes = train.labels.reduce((most, label) => Math.max(most, label), 0) + 1
  if (new Set(train.labels).size < 2) throw new Error(`${who}: expected two classes or more, got ${new Set(train.labels).size}.`)
  const stranger = test.labels.find(label => label < 0 || label >= classes)
  if (stranger !== undefined) throw new Error(`${who}: expected test labels below ${classes}, as in training, got ${stranger}.`)
  return classes
}
