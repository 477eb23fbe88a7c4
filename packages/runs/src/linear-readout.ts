import type { Unit } from '@lapstrake/core'
import { linear } from '@lapstrake/layers'
import { crossEntropy } from '@lapstrake/loss-cross-entropy'

const prefix = 'readout'

export interface ReadoutOptions {
  /** Stages below the readout: 0 reads the images, the depth reads the top. */
  readonly at: number
  readonly classes: number
}

/**
 * A probe: a linear classifier that learns beside the network from what its first `at` stages give, and teaches them
 * nothing. Put it into a recipe's `auxiliary`. Needs labels in the batch.
 */
export const linearReadout = ({ at, classes }: ReadoutOptions): Unit => ({
  name: `${prefix}${at}`,
  start: at,
  end: at,
  head: linear({ dim: classes }),
  loss: crossEntropy()
})

export const isReadout = ({ name, start, end }: Unit): boolean => name.startsWith(prefix) && start === end
