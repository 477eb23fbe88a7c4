import type { Buffers, Mode, Random, Variables } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'

/**
 * A part of a stage that maps feature maps `[batch, height, width, channels]` to feature maps, with named layers of its
 * own. `chain` puts several together, `stageOf` makes a stage of one.
 */
export interface Block {
  /** First variables, for maps of so many channels. */
  init(random: Random, channels: number): Variables
  apply(variables: Variables, input: tf.Tensor, mode: Mode): { readonly output: tf.Tensor; readonly buffers: Buffers }
  /** Channels that come out. */
  readonly filters: number
  /** Height or width that comes out. */
  readonly lengthAfter: (length: number) => number
}

export const isBlock = (block: unknown): block is Block => {
  const { init, apply, lengthAfter } = (block ?? {}) as Partial<Block>
  return [init, apply, lengthAfter].every(part => typeof part === 'function')
}
