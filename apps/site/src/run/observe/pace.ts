/** When to look at a run that must not be kept from its work. */
export interface Pace {
  due(): boolean
  /** Does it, and notes how long it took. */
  take(work: () => Promise<void>): Promise<void>
}

export interface PaceOptions {
  /** Milliseconds before the first time, and from one time to the next. */
  readonly first?: number | undefined
  readonly interval?: number | undefined
  /** Of all time, 0 to 1. */
  readonly share?: number | undefined
  readonly now?: (() => number) | undefined
}

/** Lets work happen every few seconds of training, more rarely where it would take more than its share of the time. */
export function pace({
  first = 1000,
  interval = 3000,
  share = 0.2,
  now = () => performance.now()
}: PaceOptions = {}): Pace {
  let next = now() + first
  return {
    due: () => now() >= next,
    async take(work) {
      const began = now()
      await work()
      next = now() + Math.max(interval, (1 / share - 1) * (now() - began))
    }
  }
}
