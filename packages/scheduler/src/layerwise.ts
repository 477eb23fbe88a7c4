import type { Schedule } from '@lapstrake/core'
import { checkOptions } from '@lapstrake/core/options'
import { bottomUp } from './bottom-up.ts'

export interface LayerwiseOptions {
  /** Steps that each unit learns alone before the next one begins. */
  readonly steps: number
}

/**
 * One unit after another over the course of training, bottom to top; the last one goes on to the end
 * (greedy layer-wise training, Bengio et al. 2007, https://papers.nips.cc/paper/3048).
 *
 * @throws RangeError if `steps` is not a whole number above 0
 */
export function layerwise(options: LayerwiseOptions): Schedule {
  checkOptions<LayerwiseOptions>('layerwise', options, { steps: 'number' })
  const { steps } = options
  if (!Number.isInteger(steps) || steps < 1)
    throw new RangeError(`layerwise: expected 1 step or more for each unit, got ${steps}. Try 1000.`)
  return (units, step) => [[bottomUp(units)[Math.min(Math.floor(step / steps), units.length - 1)]!]]
}
