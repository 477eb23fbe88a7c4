/** A learning rate, or one for each update an owner has had so far. */
export type LearningRate = number | ((update: number) => number)

/** The rate for this update. */
export const rateAt = (rate: LearningRate, update: number): number => (typeof rate === 'number' ? rate : rate(update))

/** One rate for all updates. A plain number does the same. */
export const constant = (rate: number): LearningRate => () => rate

export interface WarmupCosineOptions {
  /** The highest rate, reached at the end of the warm-up. */
  readonly peak: number
  /** Updates in all. */
  readonly total: number
  /** Updates over which the rate rises linearly from `peak / warmup`; none when left out. */
  readonly warmup?: number
  /** The rate at the end and after it. */
  readonly floor?: number
}

/**
 * A linear rise, then half a cosine without restarts (Loshchilov & Hutter 2017, eq. 5, https://arxiv.org/abs/1608.03983).
 *
 * @throws RangeError if the warm-up does not end before the total
 */
export function warmupCosine({ peak, total, warmup = 0, floor = 0 }: WarmupCosineOptions): LearningRate {
  if (!(total > 0) || !(warmup >= 0) || warmup >= total) {
    throw new RangeError(`warmupCosine: expected 0 ≤ warmup < total, got a warm-up of ${warmup} and a total of ${total}.`)
  }
  return update => {
    if (update < warmup) return peak * (update + 1) / warmup
    const progress = Math.min(1, (update - warmup) / (total - warmup))
    return floor + (peak - floor) * (1 + Math.cos(Math.PI * progress)) / 2
  }
}

export interface StepsOptions {
  /** The rate before the first milestone. */
  readonly initial: number
  /** Updates at which the rate is multiplied by `factor`. */
  readonly milestones: readonly number[]
  readonly factor?: number
}

/** A rate that falls by a factor at each milestone. */
export const steps = ({ initial, milestones, factor = 0.1 }: StepsOptions): LearningRate => update =>
  initial * factor ** milestones.filter(milestone => milestone <= update).length

/** The options every optimizer shares, checked. */
export function checkRate(who: string, rate: LearningRate): void {
  if (typeof rate === 'number' && !(rate >= 0)) throw new RangeError(`${who}: expected a learning rate of 0 or more, got ${rate}. Try 0.1.`)
}

/** A number that must lie in [low, high). */
export function checkRange(who: string, name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value < high)) throw new RangeError(`${who}: expected ${name} from ${low} to below ${high}, got ${value}.`)
}
