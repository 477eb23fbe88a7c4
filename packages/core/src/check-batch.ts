import * as tf from '@tensorflow/tfjs-core'
import type { Batch, Context } from './contracts.ts'
import type { Shape } from './shape.ts'
import { namedLeaves } from './tree.ts'

/**
 * Insists on a batch whose parts speak of the same examples, on the host, by shapes alone.
 *
 * @throws Error if views are missing or of another shape than the network takes, or if anything else has not one row
 * for each example
 */
export function checkBatch(
  who: string,
  { views, context, labels, indices, examples = {}, similarity }: Batch,
  inputShape: Shape
): void {
  if (!Array.isArray(views) || views.length === 0)
    throw new Error(`${who}: expected a batch with views, got none. Give it { views: [first, second] }.`)
  for (const view of views as readonly tf.Tensor[]) checkInput(who, view, inputShape)
  for (const [name, tensor] of Object.entries({ labels, indices, similarity })) {
    if (tensor !== undefined && (!((tensor as unknown) instanceof tf.Tensor) || tensor.isDisposed))
      throw new Error(`${who}: expected ${name} as a living tensor, got ${whatIs(tensor)}.`)
  }
  if (typeof examples !== 'object' || (examples as object | null) === null || Array.isArray(examples)) {
    throw new Error(
      `${who}: expected the examples of a batch as a record of tensors, got ${whatIs(examples)}. ` +
        'Leave it out where there is nothing beside the views.'
    )
  }
  const rows = views[0].shape[0]!
  if (rows === 0) throw new Error(`${who}: expected a batch of one example or more, got views without rows.`)
  if ((views as readonly tf.Tensor[]).some(({ shape }) => shape[0] !== rows)) {
    throw new Error(
      `${who}: expected views of the same examples, got views of ` +
        `${views.map(({ shape }) => shape[0]).join(' and ')}. ` +
        'Row i of every view must show example i.'
    )
  }
  checkContexts(who, context, views.length, rows)
  if (labels !== undefined && labels.shape[0] !== rows) {
    throw new Error(
      `${who}: expected labels of shape [${rows}, ...], a row for each example, got [${labels.shape.join(', ')}].`
    )
  }
  for (const [name, values] of Object.entries(examples)) checkExamples(who, name, values, rows)
  if (indices !== undefined && (indices.rank !== 1 || indices.shape[0] !== rows)) {
    throw new Error(
      `${who}: expected indices of shape [${rows}], one for each example, got [${indices.shape.join(', ')}].`
    )
  }
  if (similarity !== undefined && (similarity.shape[0] !== rows || similarity.shape[1] !== rows)) {
    throw new Error(
      `${who}: expected a similarity of shape [${rows}, ${rows}], one row and one column for each example, ` +
        `got [${similarity.shape.join(', ')}].`
    )
  }
}

/** @throws Error unless a tensor is a batch of what a network takes */
export function checkInput(who: string, input: tf.Tensor, inputShape: Shape): void {
  if (!((input as unknown) instanceof tf.Tensor))
    throw new Error(`${who}: expected views as tensors [batch, ${inputShape.join(', ')}], got ${whatIs(input)}.`)
  if (input.isDisposed) throw new Error(`${who}: expected a living view, got one that was disposed.`)
  if (input.rank !== inputShape.length + 1) {
    throw new Error(
      `${who}: expected views of shape [batch, ${inputShape.join(', ')}], got [${input.shape.join(', ')}].`
    )
  }
}

const whatIs = (value: unknown): string =>
  value instanceof tf.Tensor
    ? `one that was disposed`
    : value === undefined || value === null
      ? String(value)
      : Array.isArray(value)
        ? `a list of ${value.length}`
        : `a ${typeof value}`

function checkExamples(who: string, name: string, values: tf.Tensor | readonly tf.Tensor[], rows: number): void {
  const count = Array.isArray(values) ? values.length : (values as tf.Tensor).shape?.[0]
  if (count !== rows) {
    throw new Error(
      `${who}: expected ${name} of ${rows} examples, a tensor with a row or a list with a tensor for each, ` +
        `got ${count ?? typeof values}.`
    )
  }
  if ([values].flat().some(value => !(value instanceof tf.Tensor) || value.isDisposed))
    throw new Error(`${who}: expected living tensors as the ${name} of the examples, got one that is none.`)
}

function checkContexts(who: string, context: Batch['context'], views: number, rows: number): void {
  if (context === undefined) return
  if (!Array.isArray(context) || context.length !== views) {
    throw new Error(
      `${who}: expected the context of ${views} views, one tree of tensors for each, got ` +
        `${Array.isArray(context) ? context.length : typeof context}. Give it { context: [ofFirst, ofSecond] }.`
    )
  }
  context.forEach((constants: Context, view) => checkContext(who, constants, rows, String(view)))
}

/** @throws Error unless everything in it is a living tensor with one row for each example */
export function checkContext(who: string, context: Context, rows: number, name = ''): void {
  for (const leaf of namedLeaves<unknown>(context, name)) {
    const { value } = leaf
    if (!(value instanceof tf.Tensor) || value.isDisposed) {
      throw new Error(`${who}: expected a context of living tensors, but ${leaf.name || 'it'} is none.`)
    }
    if (value.shape[0] !== rows) {
      throw new Error(
        `${who}: expected the batch as the first axis of everything in the context, ${rows} examples, but ` +
          `${leaf.name || 'it'} has shape [${value.shape.join(', ')}]. What all examples share belongs into the stage.`
      )
    }
  }
}
