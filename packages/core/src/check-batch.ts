import type * as tf from '@tensorflow/tfjs-core'
import type { Batch } from './contracts.ts'
import type { Shape } from './shape.ts'
import { namedLeaves } from './tree.ts'

/**
 * Insists on a batch whose parts speak of the same examples, on the host, by shapes alone.
 *
 * @throws Error if views are missing or of another shape than the network takes, or if anything else has not one row
 * for each example
 */
export function checkBatch({ views, context, labels, indices, similarity }: Batch, inputShape: Shape): void {
  if (views.length === 0)
    throw new Error('step: expected a batch with views, got none. Give it { views: [first, second] }.')
  const rows = views[0].shape[0]!
  for (const view of views as readonly tf.Tensor[]) {
    if (view.rank !== inputShape.length + 1) {
      throw new Error(
        `step: expected views of shape [batch, ${inputShape.join(', ')}], got [${view.shape.join(', ')}].`
      )
    }
    if (view.shape[0] !== rows) {
      throw new Error(
        'step: expected views of the same examples, got views of ' +
          `${views.map(({ shape }) => shape[0]).join(' and ')}. ` +
          'Row i of every view must show example i.'
      )
    }
  }
  checkContext(context, views.length, rows)
  if (labels !== undefined && labels.shape[0] !== rows) {
    throw new Error(
      `step: expected labels of shape [${rows}, ...], a row for each example, got [${labels.shape.join(', ')}].`
    )
  }
  if (indices !== undefined && (indices.rank !== 1 || indices.shape[0] !== rows)) {
    throw new Error(
      `step: expected indices of shape [${rows}], one for each example, got [${indices.shape.join(', ')}].`
    )
  }
  if (similarity !== undefined && (similarity.shape[0] !== rows || similarity.shape[1] !== rows)) {
    throw new Error(
      `step: expected a similarity of shape [${rows}, ${rows}], one row and one column for each example, ` +
        `got [${similarity.shape.join(', ')}].`
    )
  }
}

function checkContext(context: Batch['context'], views: number, rows: number): void {
  if (context === undefined) return
  if (!Array.isArray(context) || context.length !== views) {
    throw new Error(
      `step: expected the context of ${views} views, one tree of tensors for each, got ` +
        `${Array.isArray(context) ? context.length : typeof context}. Give it { context: [ofFirst, ofSecond] }.`
    )
  }
  for (const { name, value } of context.flatMap((constants, view) => namedLeaves(constants, String(view)))) {
    if (value.shape[0] !== rows) {
      throw new Error(
        `step: expected the batch as the first axis of everything in the context, ${rows} examples, but ${name} has ` +
          `shape [${value.shape.join(', ')}]. What all examples share belongs into the stage.`
      )
    }
  }
}
