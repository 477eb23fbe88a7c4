import { eventFile, type EventFileOptions, type Summary } from '@lapstrake/tensorboard'
import { inOurWords } from './in-our-words.ts'

/** Events that wait for their file. */
export interface EventQueue {
  /** Writes what there is to see at a step; where the disk takes nothing now, with what comes later. Never rejects. */
  write(step: number, summaries: readonly Summary[]): Promise<void>
  /** Tries again what waits. Never rejects. */
  end(): Promise<void>
}

/** Events that wait at once; the oldest are given up. */
const most = 1000

type Warn = (warning: string) => void

/** @param onWarning told once that something cannot be written now, and once that something never was */
export function eventQueue(folder: string, options: EventFileOptions, onWarning: Warn): EventQueue {
  let begun: ReturnType<typeof eventFile> | undefined
  let waiting: { readonly step: number; readonly summaries: readonly Summary[] }[] = []
  let lost = 0
  let warned = false
  let turn = Promise.resolve()
  const flush = (): Promise<void> => (turn = turn.then(writeAll))
  const writeAll = async (): Promise<void> => {
    try {
      const events = await (begun ??= eventFile(folder, options).catch((error: unknown) => {
        begun = undefined
        throw error
      }))
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        await events.write(next.step, next.summaries)
        waiting.shift()
      }
    } catch (error) {
      if (!warned) onWarning(`${inOurWords(error)} What TensorBoard is to show is written with what comes later.`)
      warned = true
    }
  }
  return {
    async write(step, summaries) {
      waiting.push({ step, summaries })
      lost += Math.max(0, waiting.length - most)
      waiting = waiting.slice(-most)
      await flush()
    },
    async end() {
      if (waiting.length > 0) await flush()
      lost += waiting.length
      if (lost === 0) return
      const what = `expected all that TensorBoard was to show, but ${lost} steps could not be written`
      onWarning(`${folder}: ${what}. See run.jsonl.`)
    }
  }
}
