import { appendFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { checkGiven, checkOptions } from '@lapstrake/core/options'
import { makeFolder } from '@lapstrake/files/node'
import { encodeEvent, type Event, type Summary } from './event.ts'
import { frame } from './records.ts'

/** A file of events that grows. */
export interface EventFile {
  readonly path: string
  /**
   * Appends what there is to see at a step; in the file when the promise is kept. Calls may overlap: they are written
   * in their order. Where one cannot be written, the next may be, and nothing of the first is left.
   */
  write(step: number, summaries: readonly Summary[]): Promise<void>
}

export interface EventFileOptions {
  /** The step behind which a run goes on: what other files in the folder hold of later steps, TensorBoard forgets. */
  readonly after?: number | undefined
}

/**
 * Begins a file of events in a folder, which TensorBoard then shows as a run.
 *
 * @throws RangeError if a step is not a whole number
 */
export async function eventFile(folder: string, options: EventFileOptions = {}): Promise<EventFile> {
  checkOptions<EventFileOptions>('eventFile', options, { after: 'number' })
  checkGiven('eventFile', 'the path of a folder', folder, 'string')
  const { after } = options
  const resumed = after === undefined ? [] : [event(after + 1, { sessionLog: { status: 1 } })]
  const first = Buffer.concat([event(0, { fileVersion: 'brain.Event:2' }), ...resumed])
  const path = await begin(folder, first)
  let size = first.length
  let written = Promise.resolve()
  let isTorn = false
  /** Half a record, as on a full disk, would hide all that follow. */
  const mend = async (): Promise<void> => {
    await truncate(path, size)
    isTorn = false
  }
  const append = async (bytes: Uint8Array): Promise<void> => {
    try {
      if (isTorn) await mend()
      isTorn = true
      await appendFile(path, bytes)
      isTorn = false
    } catch (cause) {
      if (isTorn) await mend().catch(() => undefined)
      const { code, message } = cause as NodeJS.ErrnoException
      const isFull = code === 'ENOSPC' || code === 'EDQUOT'
      const advice = isFull ? 'The disk is full: make room, or choose another folder.' : 'Check the folder.'
      throw new Error(`eventFile: expected to add to ${path}, but could not (${code ?? message}). ${advice}`, { cause })
    }
    size += bytes.length
  }
  return {
    path,
    async write(step, summaries) {
      const bytes = event(step, { summary: { value: summaries } })
      const done = written.then(() => append(bytes))
      // What could not be written, its caller hears of; the next may have room.
      written = done.catch(() => undefined)
      return done
    }
  }
}

let created = 0

/** Makes a file that nobody else made, and gives its path. */
async function begin(folder: string, content: Uint8Array): Promise<string> {
  let path: string | undefined
  try {
    await makeFolder(folder)
    path = join(folder, `events.out.tfevents.${await secondsIn(folder)}.${hostname()}.${process.pid}.${created++}`)
    await writeFile(path, content, { flag: 'wx' })
    return path
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (path !== undefined) {
      // Another container has the same processes, and may have the same name.
      if (code === 'EEXIST') return begin(folder, content)
      await rm(path, { force: true }).catch(() => undefined)
    }
    const what = `expected to begin a file of events in ${folder}, but could not (${code ?? message})`
    throw new Error(`eventFile: ${what}. Make room there, or choose another folder.`, { cause })
  }
}

/**
 * The time for a file's name, in ten digits. TensorBoard reads files in the order of their names: a clock that was put
 * back must not bring the latest to the front.
 */
async function secondsIn(folder: string): Promise<string> {
  const others = (await readdir(folder)).flatMap(name => /^events\.out\.tfevents\.(\d{10})\./.exec(name)?.[1] ?? [])
  const latest = others.reduce((most, seconds) => Math.max(most, Number(seconds) + 1), 0)
  return String(Math.max(Math.floor(Date.now() / 1000), latest)).padStart(10, '0')
}

function event(step: number, what: Omit<Event, 'wallTime' | 'step'>): Uint8Array {
  if (!Number.isSafeInteger(step)) {
    throw new RangeError(`eventFile: expected a step that is a whole number, got ${step}. Count steps.`)
  }
  return frame(encodeEvent({ wallTime: Date.now() / 1000, step, ...what }))
}
