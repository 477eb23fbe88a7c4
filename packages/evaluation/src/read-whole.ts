import type { Context } from '@lapstrake/core'
import { nameOf } from './collated-by.ts'
import type * as tf from '@tensorflow/tfjs-core'

/** An example that could not be read. */
export interface LeftOut {
  /** Its index in the data set. */
  readonly place: number
  /** What a person calls it. */
  readonly example: string
  readonly reason: string
}

/** A `Dataset` of `@lapstrake/data`, or anything like it. */
export interface Readable<Example = unknown> {
  /** What an error calls it. */
  readonly name?: string | undefined
  readonly size: number
  read(places: ArrayLike<number>): Promise<readonly Example[]>
  /** Examples as tensors: what enters a network, constants beside it, and what is known of each. */
  collate(examples: readonly Example[]): {
    readonly input: tf.Tensor
    readonly context?: Context | undefined
    readonly labels?: tf.Tensor | undefined
  }
}

/** Some examples of a data set. */
export interface Part<Example = unknown> {
  readonly places: readonly number[]
  readonly examples: readonly Example[]
  /** How many are done, these and those left out among them. */
  readonly done: number
}

/**
 * A whole data set in parts, without examples that cannot be read: these are added to `leftOut`.
 *
 * @throws Error if more than one in a hundred cannot be read
 */
export async function* readWhole(dataset: Readable, batchSize: number, leftOut: LeftOut[]): AsyncGenerator<Part> {
  for (let start = 0; start < dataset.size; start += batchSize) {
    const done = Math.min(start + batchSize, dataset.size)
    let places: readonly number[] = Array.from({ length: done - start }, (_, i) => start + i)
    while (places.length > 0) {
      try {
        const examples = await dataset.read(Uint32Array.from(places))
        checkRead(dataset, examples, places.length)
        yield { places, examples, done }
        break
      } catch (error) {
        const found = unreadableIn(error).filter(({ place }) => places.includes(place))
        if (found.length === 0) throw error
        leftOut.push(...found)
        checkFew(dataset.size, leftOut)
        places = places.filter(place => !found.some(one => one.place === place))
      }
    }
  }
}

function checkRead(dataset: Readable, examples: unknown, count: number): void {
  if (Array.isArray(examples) && examples.length === count) return
  const got = Array.isArray(examples)
    ? `a list of ${examples.length}`
    : examples === undefined
      ? 'none'
      : typeof examples
  throw new TypeError(
    `collectFeatures: expected read of ${nameOf(dataset)} to give a list of ${count} examples, one for each place, ` +
      `got ${got}. Give what is asked for.`
  )
}

/** Those of an `UnreadableExample` of `@lapstrake/data`, known by its name: this package needs none of that one. */
function unreadableIn(error: unknown): readonly LeftOut[] {
  const { name, unreadable } = error as {
    readonly name?: unknown
    readonly unreadable?: readonly LeftOut[] | undefined
  }
  return name === 'UnreadableExample' && Array.isArray(unreadable) ? unreadable : []
}

function checkFew(size: number, leftOut: readonly LeftOut[]): void {
  if (leftOut.length <= size / 100) return
  const first = leftOut
    .slice(0, 3)
    .map(({ example, reason }) => `${example} (${reason})`)
    .join(', ')
  const more = leftOut.length > 3 ? ` and ${leftOut.length - 3} more` : ''
  throw new Error(
    `collectFeatures: expected at most one in a hundred of ${size} examples to be unreadable, got ${leftOut.length}: ` +
      `${first}${more}. Put good copies in their place, or remove them.`
  )
}
