import { checkOptions, type Random } from '@lapstrake/core'
import { checkLabels, type Dataset } from './datasets/dataset.ts'
import { checkWhole } from './whole-number.ts'

/**
 * Which examples an epoch shows, and in which order: given a data set and the size of a batch, a function from an
 * epoch's randomness to places in the data set. The same randomness gives the same order. A trailing part of a batch is
 * left out.
 */
export interface Sampler {
  (dataset: Dataset, batchSize: number): (random: Random) => Uint32Array
  /**
   * How many examples in a row of the order belong together; 1 when left out. Where one of them cannot be read, all
   * are replaced, by the next in the order that can all be read.
   */
  readonly tuple?: number | undefined
}

/** Every example once, in a new order each epoch. */
export const shuffled =
  (): Sampler =>
  ({ size }) =>
  random =>
    random.permutation(size)

/** Every example once, in the order of the data set. */
export const inOrder =
  (): Sampler =>
  ({ size }) =>
  () =>
    Uint32Array.from({ length: size }, (_, i) => i)

export interface GroupedOptions {
  /** Examples in a group. */
  readonly size: number
}

/**
 * Groups of consecutive examples stay together and in order; the groups come in a new order each epoch. For losses that
 * read a batch as fixed tuples. A group with an example that cannot be read is replaced as a whole.
 *
 * @throws RangeError for a size that is no whole number above 0, and if a batch does not hold whole groups
 */
export function grouped(options: GroupedOptions): Sampler {
  checkOptions('grouped', options, { size: 'number' })
  const { size } = options
  checkWhole('grouped', 'size', size, 1)
  return Object.assign(groupsOf(size), { tuple: size })
}

const groupsOf =
  (groupSize: number): Sampler =>
  ({ size }, batchSize) => {
    if (batchSize % groupSize !== 0) {
      throw new RangeError(
        `grouped: expected a size that divides the batch of ${batchSize}, got ${groupSize}. ` +
          'Choose a batch size that is a multiple of it.'
      )
    }
    const groups = Math.floor(size / groupSize)
    return random => {
      const order = random.permutation(groups)
      return Uint32Array.from(
        { length: groups * groupSize },
        (_, i) => order[Math.floor(i / groupSize)]! * groupSize + (i % groupSize)
      )
    }
  }

export interface ClassBalancedOptions {
  /** Examples of a class in a batch, where the batch has room for several classes. */
  readonly perClass?: number | undefined
}

/**
 * Batches of few classes with several examples each, so that most anchors of a supervised contrastive loss have
 * positives. Every class comes equally often, however many examples it has: rare ones repeat within an epoch. Where one
 * of the examples of a class in a batch cannot be read, all of them are replaced, by those of the class that comes
 * next.
 *
 * @throws RangeError if the size of a batch is no multiple of `perClass`
 * @throws Error if the data set does not tell its labels without reading every image, or has unknown ones; TypeError if
 * they are no `Int32Array` with one for each example
 */
export function classBalanced(options: ClassBalancedOptions = {}): Sampler {
  checkOptions('classBalanced', options, { perClass: 'number' })
  const { perClass = 4 } = options
  checkWhole('classBalanced', 'perClass', perClass, 1)
  return Object.assign(classByClass(perClass), { tuple: perClass })
}

const classByClass =
  (perClass: number): Sampler =>
  ({ name, size, labels }, batchSize) => {
    if (batchSize % perClass !== 0) {
      throw new RangeError(
        `classBalanced: expected perClass to divide the batch of ${batchSize}, got ${perClass}. ` +
          'Choose a batch size that is a multiple of it.'
      )
    }
    checkLabels('classBalanced', { name, size, labels })
    if (labels === undefined || labels.some(label => label < 0)) {
      throw new Error(
        `classBalanced: expected a label for every example, but ${name} does not have them all. ` +
          'Use data with labels, or shuffled().'
      )
    }
    const members = new Map<number, number[]>()
    labels.forEach((label, place) => {
      if (!members.has(label)) members.set(label, [])
      members.get(label)!.push(place)
    })
    const classes = [...members.keys()].sort((a, b) => a - b)
    return random => {
      const turns = cycle(classes, random.split('classes'))
      const examples = new Map(classes.map(label => [label, cycle(members.get(label)!, random.split('class', label))]))
      const order = new Uint32Array(Math.floor(size / batchSize) * batchSize)
      for (let i = 0; i < order.length; i += perClass) {
        const next = examples.get(turns())!
        for (let j = 0; j < perClass; j++) order[i + j] = next()
      }
      return order
    }
  }

/** Goes through values in a new order each time round. */
function cycle(values: readonly number[], random: Random): () => number {
  let order = new Uint32Array()
  let round = 0
  let place = 0
  return () => {
    if (place === order.length) {
      order = random.split(round++).permutation(values.length) as Uint32Array<ArrayBuffer>
      place = 0
    }
    return values[order[place++]!]!
  }
}
