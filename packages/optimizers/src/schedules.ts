import { checkOptions } from '@lapstrake/core'
import { checkRange } from './check-range.ts'

/** One rate for all updates. A plain number does the same. */
export function constant(rate: number): (updates: number) => number {
  checkRange('constant', 'a rate', rate, 0, Infinity)
  return () => rate
}

export interface WarmupCosineOptions {
  /** The highest rate, reached at the end of the warm-up. */
  readonly peak: number
  /** Updates in all. */
  readonly total: number
  /** Updates over which the rate rises linearly from `peak / warmup`; none when left out. */
  readonly warmup?: number | undefined
  /** The rate at the end and after it. */
  readonly floor?: number | undefined
}

/**
 * A linear rise, then half a cosine without restarts (Loshchilov & Hutter 2017, eq. 5,
 * https://arxiv.org/abs/1608.03983).
 *
 * @throws RangeError for a negative rate, or if the warm-up does not end before the total
 */
export function warmupCosine(options: WarmupCosineOptions): (updates: number) => number {
  checkOptions<WarmupCosineOptions>('warmupCosine', options, {
    peak: 'number',
    total: 'number',
    warmup: 'number',
    floor: 'number'
  })
  const { peak, total, warmup = 0, floor = 0 } = options
  checkRange('warmupCosine', 'a peak', peak, 0, Infinity)
  checkRange('warmupCosine', 'a floor', floor, 0, Infinity)
  if (!(warmup >= 0 && warmup < total)) {
    throw new RangeError(
      `warmupCosine: expected 0 ≤ warmup < total, got a warm-up of ${warmup} and a total of ${total}. ` +
        'Both count updates, not epochs.'
    )
  }
  return updates => {
    if (updates < warmup) return (peak * (updates + 1)) / warmup
    const progress = Math.min(1, (updates - warmup) / (total - warmup))
    return floor + ((peak - floor) * (1 + Math.cos(Math.PI * progress))) / 2
  }
}

export interface StepsOptions {
  /** The rate before the first milestone. */
  readonly initial: number
  /** Updates after which the rate is multiplied by `factor`. */
  readonly milestones: readonly number[]
  readonly factor?: number | undefined
}

/**
 * A rate that falls by a factor at each milestone.
 *
 * @throws RangeError for a negative rate or factor, or milestones that are not numbers of 0 or more
 */
export function steps(options: StepsOptions): (updates: number) => number {
  checkOptions<StepsOptions>('steps', options, { initial: 'number', milestones: 'list', factor: 'number' })
  const { initial, milestones, factor = 0.1 } = options
  checkRange('steps', 'an initial rate', initial, 0, Infinity)
  checkRange('steps', 'a factor', factor, 0, Infinity)
  if (!milestones?.every(milestone => milestone >= 0))
    throw new RangeError(
      `steps: expected milestones of 0 updates or more, got ${JSON.stringify(milestones)}. Try [1000, 2000].`
    )
  return updates => initial * factor ** milestones.filter(milestone => milestone <= updates).length
}
