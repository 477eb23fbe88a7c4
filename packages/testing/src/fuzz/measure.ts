import { setFlagsFromString, getHeapStatistics } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What one reading took. */
export interface Measured {
  readonly milliseconds: number
  /** Bytes that were allocated, whether they were freed since or not. */
  readonly bytes: number
  /** What was thrown, if anything was. */
  readonly thrown?: { readonly error: unknown } | undefined
}

/** What a reading may take: what was usual so far, and what is too much. */
export interface Measure {
  readonly usual: Omit<Measured, 'thrown'>
  readonly most: Omit<Measured, 'thrown'>
}

/**
 * Runs `read` and measures it. What took longer or more memory than usual is tried again, for compilers, collectors and
 * other processes come between; the least counts.
 */
export async function measure(read: () => unknown, { usual, most }: Measure): Promise<Measured> {
  let found = await once(read)
  if (found.bytes < 0) {
    // Some were collected meanwhile: that says nothing of how many were allocated.
    collect({ type: 'minor' })
    found = await once(read)
  }
  for (let i = 0; i < 4 && (found.bytes > usual.bytes || found.milliseconds > usual.milliseconds); i++) {
    // What the last try left must not be freed during the next, or the next would seem to take nothing.
    if (found.bytes > most.bytes) collectAll()
    const { milliseconds, bytes } = await once(read)
    found = {
      ...found,
      milliseconds: Math.min(found.milliseconds, milliseconds),
      bytes: bytes < 0 ? found.bytes : Math.min(found.bytes, bytes)
    }
  }
  return found
}

async function once(read: () => unknown): Promise<Measured> {
  const [began, used] = [performance.now(), allocated()]
  let thrown: Measured['thrown']
  try {
    const found = read()
    if (found instanceof Promise) await found
  } catch (error) {
    thrown = { error }
  }
  const bytes = allocated() - used
  return { milliseconds: performance.now() - began, bytes, thrown }
}

/** Bytes on the heap and beside it that were not collected yet. */
function allocated(): number {
  const { used_heap_size: heap, external_memory: external, malloced_memory: beside } = getHeapStatistics()
  return heap + external + beside
}

setFlagsFromString('--expose-gc')
const collect: (options?: { readonly type: 'minor' }) => void = runInNewContext('gc')

/** Twice, for buffers that one collection finds are freed while the program goes on, at the latest by the next. */
function collectAll(): void {
  collect()
  collect()
}
