import type * as tf from '@tensorflow/tfjs-core'

/** @throws RangeError if the temperature is not above 0 */
export function checkTemperature(who: string, temperature: number): void {
  if (!(temperature > 0)) throw new RangeError(`${who}: expected a temperature above 0, got ${temperature}. Try 0.1.`)
}

/** @throws Error unless there are two or more views, all of one shape `[batch, dim]` with two or more examples */
export function checkViews(who: string, views: readonly tf.Tensor2D[]): void {
  if (views.length < 2) {
    throw new Error(`${who}: expected two or more views of each example, got ${views.length}. Augment every image twice.`)
  }
  const [first] = views as [tf.Tensor2D]
  for (const view of views) {
    if (view.rank !== 2 || view.shape[0] !== first.shape[0] || view.shape[1] !== first.shape[1]) {
      throw new Error(
        `${who}: expected views of one shape [batch, dim], got ${views.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')}. ` +
        'Row i of every view must show example i.')
    }
  }
  if (first.shape[0] < 2) {
    throw new Error(`${who}: expected a batch of two examples or more, got ${first.shape[0]}. The other examples are the negatives.`)
  }
}
