import { checkEmbeddings, checkTensors, type Views } from '@lapstrake/core'
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
 * Insists on an option that counts something, such as the numbers in a row.
 *
 * @throws RangeError if it is not a whole number from 1 to 65536
 */
export function checkCount(who: string, name: string, value: number, advice: string): void {
  if (!(Number.isInteger(value) && value > 0 && value <= 2 ** 16))
    throw new RangeError(`${who}: expected a ${name} that is a whole number from 1 to 65536, got ${value}. ${advice}`)
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
 * @throws TypeError unless they are a list of tensors
 * @throws Error unless there are `least` or more, all floats of one shape `[batch, dim]`, of one example or more
 */
export function checkViews(who: string, views: readonly tf.Tensor[], least = 2): void {
  checkTensors(who, views)
  if (views.length < least) {
    throw new Error(
      `${who}: expected ${least === 2 ? 'two' : least} or more views of each example, got ${views.length}. ` +
        'Augment every image twice.'
    )
  }
  const [first] = views as readonly [tf.Tensor]
  if (first.rank !== 2 || views.some(({ shape }) => `${shape}` !== `${first.shape}`)) {
    throw new Error(
      `${who}: expected views of one shape [batch, dim], got ` +
        `${views.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')}. ` +
        'Row i of every view must show example i, and the head must give one row of numbers: pool or flatten in it.'
    )
  }
  checkEmbeddings(who, views)
}

/**
 * A target network's embedding of each view.
 *
 * @throws TypeError unless they are a list of tensors
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
  checkTensors(who, targets)
  if (targets.length !== views.length) {
    throw new Error(
      `${who}: expected a target for each of ${views.length} views, got ${targets.length}. ` +
        'Let the target network see the same views.'
    )
  }
  checkViews(who, [...views, ...targets], 1)
  return targets
}
