import { median, rounded, timed } from './measuring.ts'

/** Medians of warm steps. */
export interface Race {
  readonly oursMs: number
  readonly peerMs?: number | undefined
  /** Theirs over ours: above 1 ours is faster. */
  readonly ratio?: number | undefined
}

/**
 * Times our steps, and in turn with them a peer's, which counts its own milliseconds: a busy moment of the machine
 * meets both. A turn is training in small: of steps that follow one another the last is counted. The first ones find
 * the other's data in the caches, and threads that slept meanwhile.
 */
export async function inTurn(repeats: number, step: () => unknown, peerStep?: () => Promise<number>): Promise<Race> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  // The first half second is for compilers.
  await keepOn(step, 500)
  if (peerStep) await keepOn(peerStep, 500)
  for (let repeat = 0; repeat < repeats; repeat++) {
    if (peerStep) await keepOn(step, 200)
    ours.push(await timed(step))
    if (!peerStep) continue
    await keepOn(peerStep, 200)
    theirs.push(await peerStep())
  }
  const oursMs = median(ours)
  if (!peerStep) return { oursMs: rounded(oursMs) }
  return { oursMs: rounded(oursMs), peerMs: rounded(median(theirs)), ratio: rounded(median(theirs) / oursMs) }
}

async function keepOn(step: () => unknown, ms: number): Promise<void> {
  const began = performance.now()
  do await step()
  while (performance.now() < began + ms)
}
