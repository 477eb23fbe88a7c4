import { appendFile, mkdir, readdir, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { encodeEvent, type Event, type Summary } from './event.ts'
import { frame } from './records.ts'

/** A file of events that grows. */
export interface EventFile {
  readonly path: string
  /** Appends what there is to see at a step; in the file when the promise is kept. Calls may overlap: they are written in their order. */
  write(step: number, summaries: readonly Summary[]): Promise<void>
}

export interface EventFileOptions {
  /** The step behind which a run goes on: what other files in the folder hold of later steps, TensorBoard forgets. */
  readonly after?: number
}

/** Begins a file of events in a folder, which TensorBoard then shows as a run. */
export async function eventFile(folder: string, { after }: EventFileOptions = {}): Promise<EventFile> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, `events.out.tfevents.${await secondsIn(folder)}.${hostname()}.${process.pid}.${created++}`)
  const first = Buffer.concat([event(0, { fileVersion: 'brain.Event:2' }), ...(after === undefined ? [] : [event(after + 1, { sessionLog: { status: 1 } })])])
  await writeFile(path, first)
  let size = first.length
  let written = Promise.resolve()
  const append = async (bytes: Uint8Array): Promise<void> => {
    try {
      await appendFile(path, bytes)
    } catch (error) {
      // Half a record, as on a full disk, would hide all that follow.
      await truncate(path, size).catch(() => undefined)
      throw error
    }
    size += bytes.length
  }
  return {
    path,
    write(step, summaries) {
      const done = written.then(() => append(event(step, { summary: { value: summaries } })))
      // What could not be written, its caller hears of; the next may have room.
      written = done.catch(() => undefined)
      return done
    }
  }
}

let created = 0

/** The time for a file's name, in ten digits. TensorBoard reads files in the order of their names: a clock that was put back must not bring the latest to the front. */
async function secondsIn(folder: string): Promise<string> {
  const others = (await readdir(folder)).flatMap(name => /^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? [])
  return String(Math.max(Math.floor(Date.now() / 1000), ...others.map(seconds => Number(seconds) + 1))).padStart(10, '0')
}

const event = (step: number, what: Omit<Event, 'wallTime' | 'step'>): Uint8Array =>
  frame(encodeEvent({ wallTime: Date.now() / 1000, step, ...what }))
