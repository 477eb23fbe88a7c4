import { checkOptions, type Random } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { checkWhole } from '../whole-number.ts'
import type { Augment } from './compose.ts'

/** A random look at examples: what it does to tensors; or that, and what it does to each example before. */
export type View<Example = unknown> = Augment | ViewHalves<Example>

/** A look in two halves, of which one may be left out. The same randomness gives the same look. */
export interface ViewHalves<Example = unknown> {
  /**
   * Makes another example of one, on the host, before anything is a tensor; `inWorkers` lets threads do it. The example
   * is borrowed: what is in it stays as it is.
   *
   * @throws UnreadableExample if this example is damaged, and another should stand in for it
   */
  onExample?(example: Example, random: Random): Example | Promise<Example>
  /**
   * Makes another input of that of a batch, `[batch, ...]`, in tensors, and gives it back, with as many rows. The input
   * is borrowed. What a data set collates beside it does not follow: a change of size belongs on the host where there
   * are boxes.
   */
  onBatch?(input: tf.Tensor, random: Random): tf.Tensor
}

/** Two looks of one kind. */
export const twoViews = <Example>(view: View<Example>): readonly [View<Example>, View<Example>] => [view, view]

const mostLooks = 1000

export interface MultiCropOptions<Example = unknown> {
  /** The full look. */
  readonly global: View<Example>
  /** The small one. */
  readonly local: View<Example>
  /** How many small ones. */
  readonly count: number
}

/**
 * Two full looks and `count` small ones (multi-crop, Caron et al. 2020, section 3.3, https://arxiv.org/abs/2006.09882).
 *
 * @throws RangeError for a count that is no whole number from 0 to 1000
 */
export function multiCrop<Example>(options: MultiCropOptions<Example>): readonly View<Example>[] {
  checkOptions('multiCrop', options, {
    global: ['function', 'record'],
    local: ['function', 'record'],
    count: 'number'
  })
  const { global, local, count } = options
  checkWhole('multiCrop', 'count', count, 0, mostLooks)
  return [global, global, ...Array.from({ length: count }, () => local)]
}
