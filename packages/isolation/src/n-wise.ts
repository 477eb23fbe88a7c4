import type { Isolation } from '@lapstrake/core'
import { checkOptions } from '@lapstrake/core/options'

export interface NWiseOptions {
  /** Stages in each unit. */
  readonly size: number
}

/**
 * Groups of `size` stages that do not overlap; the uppermost is shorter when the depth does not divide.
 *
 * @throws RangeError if `size` is not a whole number above 0
 */
export function nWise(options: NWiseOptions): Isolation {
  checkOptions<NWiseOptions>('nWise', options, { size: 'number' })
  const { size } = options
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`nWise: expected a size of 1 or more, got ${size}. Try 2.`)
  return depth =>
    Array.from({ length: Math.ceil(depth / size) }, (_, i) => ({
      start: i * size,
      end: Math.min((i + 1) * size, depth)
    }))
}
