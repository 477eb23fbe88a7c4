import { inOurWords } from './in-our-words.ts'

/** What could not be written yet, and is tried again. */
export interface Outbox {
  /** Writes now, or, where that fails, with what comes later. What waits under the same name is no longer wanted. */
  send(name: string, write: () => Promise<void>): Promise<void>
  /** Says of a writing that failed that training goes on; once. */
  warn(error: Error): void
  /** Tries again what waits. */
  retry(): Promise<void>
  /** Tries again what waits; throws where something still cannot be written. */
  end(): Promise<void>
}

/** Writings that wait at once: each holds a copy of what it writes. */
const most = 3

/**
 * Writings that may fail for a while, as on a disk that is full, without ending what goes on.
 *
 * @param onWarning told once of the first that fails, and of each that is given up
 */
export function outbox(onWarning: (warning: string) => void): Outbox {
  const waiting = new Map<string, () => Promise<void>>()
  let warned = false
  const warn: Outbox['warn'] = error => {
    if (!warned) onWarning(`${inOurWords(error)} Training goes on; what cannot be written now is tried again.`)
    warned = true
  }
  const send: Outbox['send'] = async (name, write) => {
    waiting.delete(name)
    try {
      await write()
    } catch (error) {
      warn(error as Error)
      waiting.set(name, write)
      const [oldest] = waiting.keys()
      if (waiting.size <= most) return
      waiting.delete(oldest!)
      onWarning(`${oldest} could not be written for so long that it is given up: too much waits.`)
    }
  }
  return {
    send,
    warn,
    async retry() {
      for (const [name, write] of [...waiting]) await send(name, write)
    },
    async end() {
      for (const [name, write] of [...waiting]) {
        await write()
        waiting.delete(name)
      }
    }
  }
}
