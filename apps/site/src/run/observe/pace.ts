/** When to look at a run that must not be kept from its work. */
export interface Pace {
  due(): boolean
  /** Does it, and notes how long it took. */
  take(work: () => Promise<void>): Promise<void>
}

/** Lets work happen every few seconds of training, more rarely where it would take more than a fifth of the time. */
export function pace({ first = 1000, interval = 3000, now = () => performance.now() }: { readonly first?: number; readonly interval?: number; readonly now?: () => number } = {}): Pace {
  let next = now() + first
  return {
    due: () => now() >= next,
    async take(work) {
      const began = now()
      await work()
      next = now() + Math.max(interval, 4 * (now() - began))
    }
  }
}
