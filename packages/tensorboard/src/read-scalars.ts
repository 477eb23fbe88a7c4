import { checkOptions } from '@lapstrake/core/options'
import { decodeEvent, type Event } from './event.ts'
import { unframe } from './records.ts'

/** A point of a curve, as a file holds it. */
export interface ScalarEvent {
  readonly step: number
  readonly tag: string
  readonly value: number
}

export interface ReadScalarsOptions {
  /** What errors call the file. */
  readonly name?: string | undefined
}

/**
 * The scalars of an event file, in its order: the simple values that `scalar` makes, and no tensors of TensorFlow 2. A
 * record that was cut short ends it, as after a crash.
 *
 * @throws Error that names the file, if a checksum does not fit or a record is none of TensorFlow's
 */
export function readScalars(file: Uint8Array, options: ReadScalarsOptions = {}): readonly ScalarEvent[] {
  checkOptions<ReadScalarsOptions>('readScalars', options, { name: 'string' })
  const { name = 'events' } = options
  if (!(file instanceof Uint8Array))
    throw new TypeError(`${name}: expected the bytes of a file, as a Uint8Array, got ${typeof file}.`)
  const scalars: ScalarEvent[] = []
  for (const { at, bytes } of unframe(file, name)) {
    const { step, summary } = decoded(bytes, name, at)
    for (const { tag, simpleValue } of summary?.value ?? []) {
      if (simpleValue !== undefined) scalars.push({ step, tag, value: simpleValue })
    }
  }
  return scalars
}

function decoded(bytes: Uint8Array, name: string, at: number): Event {
  let event: Event
  try {
    event = decodeEvent(bytes)
  } catch (cause) {
    throw new Error(
      `${name}: expected an event in the record at byte ${at}, got bytes that are none. ` +
        `Another program wrote it, or damaged it; put back a copy.`,
      { cause }
    )
  }
  if (Number.isSafeInteger(event.step)) return event
  throw new Error(
    `${name}: expected steps of at most 2^53 in the record at byte ${at}, got ${event.step}. ` +
      `Numbers cannot tell it from its neighbours here; write it with smaller steps.`
  )
}
