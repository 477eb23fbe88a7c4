import { median, rounded, timed } from './measuring.ts'

/** Medians of warm steps. */
export interface Race {
  readonly oursMs: number
  readonly peerMs?: number
  /** Theirs over ours: above 1 ours is faster. */
  readonly ratio?: number
}

/** Times our steps, and in turn with them a peer's, which counts its own milliseconds: a busy moment of the machine meets both. */
export async function inTurn(repeats: number, step: () => unknown, peerStep?: () => Promise<number>): Promise<Race> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  // The first half second is for compilers and caches.
  for (const began = performance.now(); performance.now() < began + 500;) {
    await step()
    await peerStep?.()
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    ours.push(await timed(step))
    if (peerStep) theirs.push(await peerStep())
  }
  const oursMs = median(ours)
  if (!peerStep) return { oursMs: rounded(oursMs) }
  return { oursMs: rounded(oursMs), peerMs: rounded(median(theirs)), ratio: rounded(median(theirs) / oursMs) }
}
