import type { Isolation } from '@lapstrake/core'
import { checkOptions } from '@lapstrake/core/options'

export interface OverlappingOptions {
  /** Stages in each window. */
  readonly size?: number | undefined
  /** Stages between the starts of two windows; below `size`, so that neighbours share a stage. */
  readonly stride?: number | undefined
  /** Adds a first unit of the lowest `stride` stages alone, as the four training curves of the paper suggest. */
  readonly lead?: boolean | undefined
}

/**
 * Windows of `size` stages, each starting `stride` stages after the last (LoCo, Xiong et al. 2020, section 3.1 and
 * figure 1, https://arxiv.org/abs/2008.01342).
 *
 * The uppermost window always reaches the top: when the stride does not divide what is left, it starts earlier and
 * shares more.
 *
 * @throws RangeError if `size` is below 2 or `stride` is not between 1 and `size - 1`, and, once the depth is known,
 *   if the network has fewer stages than a window
 */
export function overlapping(options: OverlappingOptions = {}): Isolation {
  checkOptions<OverlappingOptions>('overlapping', options, { size: 'number', stride: 'number', lead: 'boolean' })
  const { size = 2, stride = 1, lead = false } = options
  if (!Number.isInteger(size) || size < 2) {
    throw new RangeError(`overlapping: expected a size of 2 or more, got ${size}. For units of one stage use greedy().`)
  }
  if (!Number.isInteger(stride) || stride < 1 || stride >= size) {
    throw new RangeError(
      `overlapping: expected a stride from 1 to ${size - 1}, so that windows of ${size} overlap, got ${stride}. ` +
        'For units that only touch use nWise().'
    )
  }
  return depth => {
    if (depth < size) {
      throw new RangeError(
        `overlapping: cannot cut ${depth} stages into windows of ${size}. Use a size of at most ${depth}, ` +
          'or add stages.'
      )
    }
    const count = Math.ceil((depth - size) / stride) + 1
    const windows = Array.from({ length: count }, (_, i) => Math.min(i * stride, depth - size)).map(start => ({
      start,
      end: start + size
    }))
    return lead ? [{ start: 0, end: stride }, ...windows] : windows
  }
}
