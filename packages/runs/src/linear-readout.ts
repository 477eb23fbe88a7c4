import { checkOptions, type Unit } from '@lapstrake/core'
import { linear } from '@lapstrake/layers'
import { crossEntropy } from '@lapstrake/loss-cross-entropy'

const prefix = 'readout'

export interface LinearReadoutOptions {
  /** Stages below the readout: 0 reads the images, the depth reads the top. */
  readonly at: number
  readonly classes: number
}

/**
 * A probe: a linear classifier that learns beside the network from what its first `at` stages give, and teaches them
 * nothing. Put it into a recipe's `auxiliary`. Needs labels in the batch.
 *
 * @throws RangeError if `at` is not a whole number of 0 or more, or `classes` not one above 0
 */
export function linearReadout(options: LinearReadoutOptions): Unit {
  checkOptions<LinearReadoutOptions>('linearReadout', options, { at: 'number', classes: 'number' })
  const { at, classes } = options
  if (!Number.isInteger(at) || at < 0)
    throw new RangeError(`linearReadout: expected at to be 0 stages or more, got ${at}. Try 1.`)
  if (!Number.isInteger(classes) || classes < 1)
    throw new RangeError(`linearReadout: expected 1 class or more, got ${classes}. Try dataset.classes.length.`)
  return { name: `${prefix}${at}`, start: at, end: at, head: linear({ dim: classes }), loss: crossEntropy() }
}

export const isReadout = ({ name, start, end }: Unit): boolean => name.startsWith(prefix) && start === end
