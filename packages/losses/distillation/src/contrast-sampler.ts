import { checkOptions, detached, type OptionKinds, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

export interface ContrastSamplerOptions {
  /** Places that may be drawn. */
  readonly examples: number
  /** Drawn for each row, with replacement. */
  readonly negatives: number
  /**
   * The class of every example, −1 where it is unknown: negatives then come from other classes only, and an
   * example of unknown class is one by itself.
   */
  readonly labels?: ArrayLike<number> | undefined
  /** The positive is the example itself, or any example of its class. */
  readonly positive?: 'exact' | 'relaxed' | undefined
}

export const samplerKinds: OptionKinds<ContrastSamplerOptions> = {
  examples: 'number',
  negatives: 'number',
  labels: 'list',
  positive: { among: ['exact', 'relaxed'] }
}

/**
 * Places to compare each example with, `[batch, 1 + negatives]`: the positive first. The same randomness gives the same
 * places.
 */
export type ContrastSampler = (random: Random, indices: tf.Tensor1D) => tf.Tensor2D

/**
 * Draws what each row is compared with, evenly among all other examples, or among those of other classes.
 *
 * @throws RangeError for fewer than one negative or two examples, or labels that are no classes
 * @throws Error if a class takes up the whole data set, or relaxed positives come without labels
 */
export function contrastSampler(options: ContrastSamplerOptions): ContrastSampler {
  checkOptions('contrastSampler', options, samplerKinds)
  const { examples, negatives, labels, positive = 'exact' } = options
  checkSampler(options)
  const sorted = labels && sortByClass(labels)
  return (random, indices) =>
    detached(() =>
      drawContrast(random, indices, { examples, negatives, positive, classes: sorted && tensorsOf(sorted) })
    )
}

/** @throws RangeError and Error as {@link contrastSampler} does, but for a class that takes up the whole data set */
export function checkSampler({ examples, negatives, labels, positive }: ContrastSamplerOptions): void {
  if (!Number.isInteger(negatives) || negatives < 1)
    throw new RangeError(`crd: expected 1 or more negatives, got ${negatives}. Try 1024.`)
  if (!Number.isInteger(examples) || examples < 2)
    throw new RangeError(`crd: expected 2 or more examples, got ${examples}. Give it the size of the data set.`)
  if (positive === 'relaxed' && labels === undefined)
    throw new Error('crd: expected labels for relaxed positives, got none. Give it the labels of the data set.')
  if (labels !== undefined && labels.length !== examples)
    throw new Error(`crd: expected ${examples} labels, one for each example, got ${labels.length}.`)
  if (labels !== undefined) checkLabels('crd', labels)
}

/** The examples of a data set class by class, as tensors `[examples]`, int32. */
export type ContrastClasses = {
  readonly order: tf.Tensor1D
  /** For each example, where its class begins in `order`, and how long it is. */
  readonly first: tf.Tensor1D
  readonly count: tf.Tensor1D
}

/** @throws Error if a class takes up the whole data set */
export const classesOf = (labels: ArrayLike<number>): ContrastClasses => tensorsOf(sortByClass(labels))

interface Draw extends Required<Pick<ContrastSamplerOptions, 'examples' | 'negatives' | 'positive'>> {
  readonly classes: ContrastClasses | undefined
}

/** What each of the examples at `indices` is compared with, as {@link ContrastSampler} says. */
export function drawContrast(
  random: Random,
  indices: tf.Tensor1D,
  { examples, negatives, positive, classes }: Draw
): tf.Tensor2D {
  const [batch] = indices.shape
  const own: tf.Tensor2D = tf.reshape(indices, [batch, 1])
  const draw = (name: string, columns: number): tf.Tensor => random.split(name).uniform([batch, columns])
  if (classes === undefined) {
    const place = floor(tf.mul(draw('negatives', negatives), examples - 1), examples - 2)
    return tf.concat2d([own, skip(place, own, 1)], 1)
  }
  const { order } = classes
  const [first, count] = [gatherFrom(classes.first, own), gatherFrom(classes.count, own)]
  const free = tf.sub(examples, tf.cast(count, 'float32'))
  const place = tf.minimum(
    tf.cast(tf.mul(draw('negatives', negatives), free), 'int32'),
    tf.cast(tf.sub(free, 1), 'int32')
  )
  const among = tf.cast(tf.mul(draw('positive', 1), tf.cast(count, 'float32')), 'int32')
  const chosen =
    positive === 'exact'
      ? own
      : gatherFrom(order, tf.add(first, tf.minimum(among, tf.sub(count, tf.scalar(1, 'int32')))))
  return tf.concat2d([chosen, gatherFrom(order, skip(place, first, count))], 1)
}

/** @throws RangeError unless every label is a class, a whole number from 0 to 2³¹ − 1, or −1 */
export function checkLabels(who: string, labels: ArrayLike<number>): void {
  const wrong = Array.prototype.findIndex.call(
    labels,
    label => !(Number.isInteger(label) && label >= -1 && label < 2 ** 31)
  )
  if (wrong >= 0) {
    throw new RangeError(
      `${who}: expected labels that are whole numbers from 0 to 2147483647, or -1 where a class is unknown, ` +
        `got ${labels[wrong]} for example ${wrong}.`
    )
  }
}

/** The entries of a list at places `[batch, columns]`. */
const gatherFrom = (list: tf.Tensor1D, places: tf.Tensor): tf.Tensor2D =>
  tf.gather<tf.Tensor>(list, places) as tf.Tensor2D

/** Whole numbers below a draw, at most `most`: a product of floats may round up to its end. */
const floor = (draw: tf.Tensor, most: number): tf.Tensor => tf.minimum(tf.cast(draw, 'int32'), tf.scalar(most, 'int32'))

/** Places counted without the `count` from `first` on. */
const skip = (place: tf.Tensor, first: tf.Tensor, count: tf.Tensor | number): tf.Tensor2D =>
  tf.add(
    place,
    tf.mul(
      tf.cast(tf.greaterEqual(place, first), 'int32'),
      typeof count === 'number' ? tf.scalar(count, 'int32') : count
    )
  ) as tf.Tensor2D

const tensorsOf = ({ order, first, count }: ReturnType<typeof sortByClass>): ContrastClasses => ({
  order: tf.tensor1d(order, 'int32'),
  first: tf.tensor1d(first, 'int32'),
  count: tf.tensor1d(count, 'int32')
})

/** Places class by class, and for each example where its class begins there and how long it is. */
function sortByClass(labels: ArrayLike<number>): { order: Int32Array; first: Int32Array; count: Int32Array } {
  const order = Int32Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => labels[a]! - labels[b]! || a - b)
  const isAlike = (a: number, b: number): boolean => a === b || (labels[a]! >= 0 && labels[a] === labels[b])
  const first = new Int32Array(labels.length)
  const count = new Int32Array(labels.length)
  for (let from = 0; from < order.length; ) {
    let end = from
    while (end < order.length && isAlike(order[end]!, order[from]!)) end++
    if (end - from === labels.length)
      throw new Error(
        'crd: expected labels of two classes or more, got one. Leave the labels out: ' +
          'negatives then come from all other examples.'
      )
    for (let i = from; i < end; i++) {
      first[order[i]!] = from
      count[order[i]!] = end - from
    }
    from = end
  }
  return { order, first, count }
}
