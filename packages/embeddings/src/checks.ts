import { checkEmbeddings, type Views } from '@lapstrake/core'
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
 * @throws Error unless there are `least` or more, all floats of one shape `[batch, dim]`, of one example or more
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
  checkEmbeddings(who, views)
}

/**
 * A target network's embedding of each view.
 *
 * @throws Error if there is none, or unless there is one for each view, of its shape
 */
export function targetsOf(
  who: string,
  views: Views<tf.Tensor2D>,
  targets: Views<tf.Tensor2D> | undefined
): Views<tf.Tensor2D> {
  if (targets === undefined) {
    throw new Error(`${who}: expected a target network, got none. Give the recipe target: { momentum: () => 0.99 }.`)
  }
  if (targets.length !== views.length) {
    throw new Error(
      `${who}: expected a target for each of ${views.length} views, got ${targets.length}. ` +
        'Let the target network see the same views.'
    )
  }
  checkViews(who, [...views, ...targets], 1)
  return targets
}
