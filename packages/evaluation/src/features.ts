import { checkGiven, checkOptions, dispose, own, type Context } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { collatedBy } from './collated-by.ts'
import { readWhole, type LeftOut, type Part, type Readable } from './read-whole.ts'

/** What an encoder says about labelled examples, on the host. */
export interface Features {
  /** Row after row, `labels.length` of them. */
  readonly values: Float32Array
  readonly labels: Int32Array
  /** Numbers in a row. */
  readonly dim: number
}

/**
 * How maps `[batch, height, width, channels]` become rows: their mean, all their values, or the means of a grid of
 * cells.
 */
export type Pool = 'mean' | 'flatten' | { readonly grid: number }

export interface CollectFeaturesOptions {
  readonly pool?: Pool | undefined
  readonly batchSize?: number | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** No for features that nobody names classes of: the data set's labels are not looked at, and all are -1. */
  readonly labels?: boolean | undefined
}

export interface CollectLevelsOptions extends Omit<CollectFeaturesOptions, 'pool'> {
  /** Of the level in this place of what `encode` gives; means when left out. */
  readonly pool?: ((place: number) => Pool) | undefined
}

/** Features of a data set, and which of its examples have none. */
export interface CollectedFeatures extends Features {
  /** Examples that could not be read; there is no row for them. Say so beside any figure that comes of the others. */
  readonly unreadable: readonly LeftOut[]
}

/**
 * Runs an encoder over a whole data set and gathers its features.
 *
 * `encode` gets what the data set collates, images `[batch, height, width, channels]` from 0 to 1, say, and the
 * constants beside it; it gives maps or rows. For the pixels themselves take the identity, `images => images.clone()`,
 * with `pool: 'flatten'`. Its results are freed here.
 *
 * Examples that cannot be read are left out and given back in `unreadable`.
 *
 * @throws Error if an example has no label, or more than one in a hundred cannot be read
 * @throws TypeError for a data set whose `read` or `collate` gives something else than it should
 * @throws RangeError for a batch size that is no whole number above 0
 */
export async function collectFeatures(
  dataset: Readable,
  encode: (input: tf.Tensor, context?: Context) => tf.Tensor,
  options: CollectFeaturesOptions = {}
): Promise<CollectedFeatures> {
  checkOptions<CollectFeaturesOptions>('collectFeatures', options, {
    pool: ['string', 'record'],
    batchSize: 'number',
    onProgress: 'function',
    labels: 'boolean'
  })
  const { pool = 'mean', ...others } = options
  checkPool('collectFeatures', pool)
  checkGiven('collectFeatures', 'an encoder, as in images => network.encode(variables, images)', encode, 'function')
  const collected = collect(dataset, (input, context) => [encode(input, context)], { ...others, pool: () => pool })
  const [features] = await collected
  return features!
}

/**
 * {@link collectFeatures} for what several levels of a network make of the same examples, as `network.levels` gives
 * them: the features of each level, in that order.
 *
 * @throws Error and RangeError as {@link collectFeatures} does
 */
export async function collectLevels(
  dataset: Readable,
  encode: (input: tf.Tensor, context?: Context) => readonly tf.Tensor[],
  options: CollectLevelsOptions = {}
): Promise<readonly CollectedFeatures[]> {
  checkOptions<CollectLevelsOptions>('collectLevels', options, {
    pool: 'function',
    batchSize: 'number',
    onProgress: 'function',
    labels: 'boolean'
  })
  checkGiven('collectLevels', 'an encoder, as in images => network.levels(variables, images)', encode, 'function')
  return collect(dataset, encode, options)
}

async function collect(
  dataset: Readable,
  encode: (input: tf.Tensor, context?: Context) => readonly tf.Tensor[],
  { pool = () => 'mean', batchSize = 250, onProgress, labels: areAsked = true }: CollectLevelsOptions
): Promise<readonly CollectedFeatures[]> {
  checkReadable(dataset)
  checkBatchSize('collectFeatures', batchSize)
  const levels: Float32Array[][] = []
  const labels: number[] = []
  const unreadable: LeftOut[] = []
  for await (const part of readWhole(dataset, batchSize, unreadable)) {
    const made = own(() => {
      const { input, context, labels } = collatedBy('collectFeatures', dataset, part.examples)
      return {
        features: checkRows(encode(input, context), part.places.length).map((maps, place) => pooled(maps, pool(place))),
        labels: areAsked ? (labels ?? refuseUnlabelled(dataset, part)) : tf.fill([part.places.length], -1, 'int32')
      }
    })
    const [known, ...values] = await Promise.all([made.labels, ...made.features].map(rows => rows.data()))
    dispose(made)
    if (areAsked) checkLabels(known!, part)
    values.forEach((rows, place) => (levels[place] ??= []).push(rows as Float32Array))
    known!.forEach(label => labels.push(label))
    onProgress?.(part.done, dataset.size)
  }
  if (labels.length === 0) throw new Error('collectFeatures: expected examples, got none. Take a larger data set.')
  return levels.map(parts => {
    const values = endToEnd(parts)
    return { values, labels: Int32Array.from(labels), dim: values.length / labels.length, unreadable }
  })
}

/** Insists on a way how maps become rows. */
export function checkPool(who: string, pool: Pool): void {
  if (pool === 'mean' || pool === 'flatten' || typeof (pool as { grid?: unknown } | null)?.grid === 'number') return
  throw new TypeError(
    `${who}: expected pool to be 'mean', 'flatten' or cells, as in { grid: 2 }, got ${JSON.stringify(pool)}.`
  )
}

function checkReadable(dataset: Readable): void {
  const { read, collate, size } = (dataset ?? {}) as Partial<Readable>
  if (typeof read !== 'function' || typeof collate !== 'function' || typeof size !== 'number')
    throw new TypeError('collectFeatures: expected a data set, such as await shapes().open("test"), got none.')
  if (!Number.isInteger(size) || size < 0)
    throw new TypeError(`collectFeatures: expected the size of a data set, a whole number, got ${size}. Count them.`)
}

function checkRows(levels: readonly tf.Tensor[], rows: number): readonly tf.Tensor[] {
  const unfit = levels.find(({ shape }) => shape[0] !== rows)
  if (unfit !== undefined) {
    throw new Error(
      `collectFeatures: expected ${rows} rows of an encoder, one for each example, got [${unfit.shape.join(', ')}]. ` +
        'Return what it makes of the input it was given.'
    )
  }
  return levels
}

/** Where not every example of a part has a label, one does not. */
function refuseUnlabelled(dataset: Readable, { examples, places }: Part): never {
  throw unlabelled(
    places[
      Math.max(
        0,
        examples.findIndex(one => dataset.collate([one]).labels === undefined)
      )
    ]!
  )
}

function checkLabels(labels: ArrayLike<number>, { places }: Part): void {
  if (labels.length !== places.length) {
    throw new Error(
      `collectFeatures: expected one label for each of ${places.length} examples, got ${labels.length} numbers. ` +
        'Read out a data set whose labels are classes.'
    )
  }
  const none = Array.from(labels).findIndex(label => label < 0)
  if (none >= 0) throw unlabelled(places[none]!)
}

const unlabelled = (place: number): Error =>
  new Error(
    `collectFeatures: expected labelled examples, but example ${place} has no label. Take labelled data, ` +
      'or gather features alone by { labels: false }.'
  )

function endToEnd(parts: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  parts.reduce((start, part) => {
    values.set(part, start)
    return start + part.length
  }, 0)
  return values
}

/** Examples taken at once: with none, work would never end. */
export function checkBatchSize(who: string, batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize >= 1) return
  throw new RangeError(`${who}: expected a batch size that is a whole number above 0, got ${batchSize}. Try 250.`)
}

function pooled(maps: tf.Tensor, pool: Pool): tf.Tensor {
  const batch = maps.shape[0]!
  if (maps.rank !== 4 || pool === 'flatten') return tf.reshape(maps, [batch, -1])
  const [, height, width] = maps.shape as [number, number, number, number]
  checkPool('collectFeatures', pool)
  if (pool === 'mean') return tf.reshape(tf.avgPool(maps as tf.Tensor4D, [height, width], 1, 'valid'), [batch, -1])
  if (!(Number.isInteger(pool.grid) && pool.grid >= 1 && pool.grid <= Math.min(height, width))) {
    throw new RangeError(
      `collectFeatures: expected a grid from 1 to ${Math.min(height, width)}, for the maps are ${height} × ` +
        `${width}, got ${pool.grid}. Take a smaller whole number.`
    )
  }
  // Cells of equal size whose strides cover the map; where it does not divide they overlap.
  const cell = (length: number): [size: number, stride: number] => {
    const stride = Math.floor(length / pool.grid)
    return [length - (pool.grid - 1) * stride, stride]
  }
  const [[cellHeight, strideHeight], [cellWidth, strideWidth]] = [cell(height), cell(width)]
  return tf.reshape(tf.avgPool(maps as tf.Tensor4D, [cellHeight, cellWidth], [strideHeight, strideWidth], 'valid'), [
    batch,
    -1
  ])
}

/**
 * What every reader of features insists on.
 *
 * @returns how many classes there are
 */
export function checkFeatures(who: string, train: Features, test: Features): number {
  checkForm(who, 'training', train)
  checkForm(who, 'test', test)
  if (train.dim !== test.dim) {
    throw new Error(
      `${who}: expected features of one length, got ${train.dim} numbers for training and ${test.dim} for testing.`
    )
  }
  checkRowsAndLabels(who, 'training', train)
  checkRowsAndLabels(who, 'test', test)
  const classes = train.labels.reduce((most, label) => Math.max(most, label), 0) + 1
  if (new Set(train.labels).size < 2)
    throw new Error(`${who}: expected two classes or more, got ${new Set(train.labels).size}.`)
  const stranger = test.labels.find(label => label >= classes)
  if (stranger !== undefined)
    throw new Error(`${who}: expected test labels below ${classes}, as in training, got ${stranger}.`)
  checkFinite(who, 'training', train)
  checkFinite(who, 'test', test)
  return classes
}

function checkForm(who: string, which: string, features: Features): void {
  const { values, labels, dim } = (features ?? {}) as Partial<Features>
  if (values?.length === undefined || labels?.length === undefined || dim === undefined)
    throw new TypeError(`${who}: expected ${which} features { values, labels, dim }, as collectFeatures gives them.`)
}

function checkRowsAndLabels(who: string, which: string, { values, labels, dim }: Features): void {
  if (!Number.isInteger(dim) || dim < 1 || labels.length < 1 || values.length !== labels.length * dim) {
    throw new Error(
      `${who}: expected ${which} features of ${dim} numbers for each of ${labels.length} labels, ` +
        `got ${values.length} numbers. Give a row for every label.`
    )
  }
  const unfit = labels.findIndex(label => !Number.isInteger(label) || label < 0)
  if (unfit >= 0)
    throw new Error(
      `${who}: expected ${which} labels that are whole numbers of 0 or more, got ${labels[unfit]} for example ${unfit}.`
    )
}

/** No classifier reads anything from what is no number, and none would say so. */
function checkFinite(who: string, which: string, { values, dim }: Features): void {
  const place = values.findIndex(value => !Number.isFinite(value))
  if (place < 0) return
  throw new RangeError(
    `${who}: expected finite features, got ${values[place]} in those of ${which} example ${Math.floor(place / dim)}. ` +
      'The network that made them has diverged, or what entered it was not finite.'
  )
}
