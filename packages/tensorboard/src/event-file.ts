import { appendFile, mkdir, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
// Eight fields in all: the wire format of a protobuf library is enough, without a schema to compile.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { frame } from './records.ts'
import type { Summary } from './summaries.ts'

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
  const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0')
  const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${created++}`)
  const restart = after === undefined ? [] : [event(after + 1, writer => writer.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(started).join())]
  const first = Buffer.concat([event(0, writer => writer.tag(3, WireType.LengthDelimited).string('brain.Event:2')), ...restart])
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
      const bytes = event(step, writer => {
        writer.tag(5, WireType.LengthDelimited).fork()
        for (const summary of summaries) writer.tag(1, WireType.LengthDelimited).bytes(summary)
        writer.join()
      })
      const done = written.then(() => append(bytes))
      // What could not be written, its caller hears of; the next may have room.
      written = done.catch(() => undefined)
      return done
    }
  }
}

let created = 0

/** `SessionLog.START`. */
const started = 1

/** An `Event` of TensorFlow's `event.proto`, framed. */
function event(step: number, write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(Date.now() / 1000).tag(2, WireType.Varint).int64(step)
  write(writer)
  return frame(writer.finish())
}
