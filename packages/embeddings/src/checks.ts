import type * as tf from '@tensorflow/tfjs-core'

/**
 * Insists on an option above 0, in the words of `who`.
 *
 * @throws RangeError if it is not a finite number above 0
 */
export function checkPositive(who: string, name: string, value: number, advice: string): void {
  if (!(value > 0 && value < Infinity))
    throw new RangeError(`${who}: expected a ${name} above 0, got ${value}. ${advice}`)
}

/**
 * Insists on a temperature above 0.
 *
 * @throws RangeError if it is not
 */
export const checkTemperature = (who: string, temperature: number): void =>
  checkPositive(who, 'temperature', temperature, 'Try 0.1.')

/**
 * Insists on views of the same examples.
 *
 * @throws Error unless there are `least` or more, all of one shape `[batch, dim]`
 */
export function checkViews(who: string, views: readonly tf.Tensor[], least = 2): void {
  if (views.length < least) {
    throw new Error(
      `${who}: expected ${least === 2 ? 'two' : least} or more views of each example, got ${views.length}. ` +
        'Augment every image twice.'
    )
  }
  const [first] = views as readonly [tf.Tensor]
  for (const view of views) {
    if (view.rank !== 2 || view.shape[0] !== first.shape[0] || view.shape[1] !== first.shape[1]) {
      const shapes = views.map(({ shape }) => `[${shape.join(', ')}]`)
      throw new Error(
        `${who}: expected views of one shape [batch, dim], got ${shapes.join(' and ')}. ` +
          'Row i of every view must show example i, and the head must give one row of numbers: pool or flatten in it.'
      )
    }
  }
}
