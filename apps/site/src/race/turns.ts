/** One of several who share something that only one can use at a time. */
export interface Turn {
  /** Resolves when it is this one's turn. */
  come(): Promise<void>
  /** Hands on to the next who has not left. */
  pass(): void
  /** Hands on for good. */
  leave(): void
}

/** Turns for so many, in a ring: the first has the first turn. */
export function takeTurns(count: number): readonly Turn[] {
  const present = new Set(Array.from({ length: count }, (_, place) => place))
  const called = new Map<number, () => void>()
  let current = 0

  const pass = (): void => {
    if (present.size === 0) return
    do current = (current + 1) % count
    while (!present.has(current))
    called.get(current)?.()
    called.delete(current)
  }
  return [...present].map(place => ({
    come: () => (current === place ? Promise.resolve() : new Promise(resolve => called.set(place, resolve))),
    pass,
    leave() {
      present.delete(place)
      if (current === place) pass()
    }
  }))
}
