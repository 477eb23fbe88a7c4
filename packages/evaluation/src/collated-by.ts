import { copyOf, namedLeaves, type Context } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Readable } from './read-whole.ts'

/** Examples in tensors that are the caller's. */
interface Collated {
  readonly input: tf.Tensor
  readonly context: Context | undefined
  readonly labels: tf.Tensor | undefined
}

/**
 * What a data set makes of examples, in tensors that are the caller's: it may keep its own.
 *
 * @throws TypeError for anything but living tensors with a row for each example
 */
export function collatedBy(who: string, dataset: Readable, examples: readonly unknown[]): Collated {
  const name = nameOf(dataset)
  const collated: unknown = dataset.collate(examples)
  const { input, context, labels, then } = (collated ?? {}) as Record<string, unknown>
  if (then !== undefined)
    throw new TypeError(`${who}: expected collate of ${name} to give tensors, got a promise. Await in read.`)
  const rowsOf = (what: string, value: unknown): tf.Tensor => rowsIn(who, `${what} of ${name}`, value, examples.length)
  if (context !== undefined)
    for (const leaf of namedLeaves<unknown>(context as Context, 'context')) rowsOf(leaf.name, leaf.value)
  return {
    input: tf.clone(rowsOf('input', input)),
    context: copyOf(context as Context | undefined),
    labels: labels === undefined ? undefined : tf.clone(rowsOf('labels', labels))
  }
}

function rowsIn(who: string, what: string, value: unknown, rows: number): tf.Tensor {
  if (value instanceof tf.Tensor && !value.isDisposed && value.shape[0] === rows) return value
  const got =
    value instanceof tf.Tensor
      ? value.isDisposed
        ? 'one that is disposed'
        : `shape [${value.shape.join(', ')}]`
      : Array.isArray(value)
        ? `a list of ${value.length}`
        : value === null || value === undefined
          ? 'none'
          : `a ${typeof value}`
  throw new TypeError(
    `${who}: expected collate to give the ${what} as a living tensor with ${rows} rows, one for each example, ` +
      `got ${got}. Make a row of each example.`
  )
}

/** What an error calls a data set. */
export const nameOf = ({ name = 'the data set' }: Readable): string => name
