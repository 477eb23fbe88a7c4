import { copyOf, didYouMean, namedLeaves } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Collated, Dataset } from './dataset.ts'

const parts = ['input', 'context', 'labels', 'examples']

/**
 * What a data set makes of examples, in tensors that are the caller's: it may keep its own.
 *
 * @throws TypeError for anything but living tensors with a row for each example
 */
export function collatedBy(who: string, dataset: Dataset, examples: readonly unknown[]): Collated {
  const { name } = dataset
  const collated: unknown = dataset.collate(examples)
  checkRecord(who, name, collated)
  const { input, context, labels, examples: beside } = collated
  const rows = examples.length
  const expected = (what: string): string => `${who}: expected collate of ${name} to give ${what}`
  checkRows(expected('input'), input, rows)
  if (labels !== undefined) checkRows(expected('labels'), labels, rows)
  if (context !== undefined) {
    if (typeof context !== 'object' || context === null)
      throw new TypeError(
        `${expected('a context of tensors')}, got ${typed(context)}. Leave it out where there is none.`
      )
    for (const { name: leaf, value } of namedLeaves<unknown>(context, 'context')) checkRows(expected(leaf), value, rows)
  }
  if (beside !== undefined) checkBeside(expected, beside, rows)
  return {
    input: tf.clone(input),
    context: copyOf(context),
    labels: labels && tf.clone(labels),
    examples: copyOf(beside)
  }
}

function checkRecord(who: string, name: string, collated: unknown): asserts collated is Collated {
  const isPlain =
    typeof collated === 'object' && collated !== null && !Array.isArray(collated) && !(collated instanceof tf.Tensor)
  if (!isPlain || typeof (collated as Partial<Promise<unknown>>).then === 'function') {
    throw new TypeError(
      `${who}: expected collate of ${name} to give { input: a tensor, … }, got ${typed(collated)}. ` +
        (isPlain ? 'Await in read; examples are collated at once.' : 'Return a record with input.')
    )
  }
  const other = Object.keys(collated).find(part => !parts.includes(part))
  if (other !== undefined) {
    throw new TypeError(
      `${who}: expected collate of ${name} to give ${parts.join(', ')} and nothing else, got ${other}.` +
        (didYouMean(other, parts) || ' What lies beside the labels belongs into examples.')
    )
  }
}

function checkBeside(expected: (what: string) => string, beside: unknown, rows: number): void {
  if (typeof beside !== 'object' || beside === null || Array.isArray(beside) || beside instanceof tf.Tensor) {
    throw new TypeError(
      `${expected('examples as a record of tensors')}, got ${typed(beside)}. Leave it out if there is nothing.`
    )
  }
  for (const [part, values] of Object.entries(beside) as [string, unknown][]) {
    if (!Array.isArray(values)) checkRows(expected(`examples.${part}`), values, rows)
    else if (values.length !== rows || values.some(value => !isLiving(value))) {
      throw new TypeError(
        `${expected(`examples.${part} as ${rows} living tensors, one for each example`)}, ` +
          `got a list of ${values.length}. Make one of each example.`
      )
    }
  }
}

const isLiving = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor && !value.isDisposed

function checkRows(expected: string, value: unknown, rows: number): asserts value is tf.Tensor {
  const whole = `${expected} as a living tensor with ${rows} rows, one for each example`
  if (value instanceof tf.Tensor && value.isDisposed)
    throw new TypeError(`${whole}, got one that is disposed. Make it anew each time, or put what it keeps by tf.keep.`)
  if (!isLiving(value)) throw new TypeError(`${whole}, got ${typed(value)}. Make a tensor of the examples.`)
  if (value.shape[0] !== rows)
    throw new TypeError(`${whole}, got shape [${value.shape.join(', ')}]. Make a row of each example.`)
}

/** What something is, in words. */
export function typed(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof tf.Tensor) return `a tensor of shape [${value.shape.join(', ')}]`
  if (typeof (value as Partial<Promise<unknown>>).then === 'function') return 'a promise'
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'record'}` : `a ${typeof value}`
}
