import { pairOf, type Views } from '@lapstrake/core'
import { checkViews } from '@lapstrake/embeddings'
import type * as tf from '@tensorflow/tfjs-core'

/** @throws Error unless there are exactly two views, of one shape `[batch, dim]` */
export function twoViews<T extends tf.Tensor>(who: string, views: Views<T>): readonly [first: T, second: T] {
  checkViews(who, views)
  return pairOf(who, views)
}

/** @throws RangeError if a weight is not a finite number of 0 or more */
export function checkWeight(who: string, name: string, value: number, advice: string): void {
  if (!(value >= 0 && value < Infinity))
    throw new RangeError(`${who}: expected a weight of 0 or more for ${name}, got ${value}. ${advice}`)
}
