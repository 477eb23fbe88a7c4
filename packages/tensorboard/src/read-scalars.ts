import { decodeEvent } from './event.ts'
import { unframe } from './records.ts'

/** A point of a curve, as a file holds it. */
export interface ScalarEvent {
  readonly step: number
  readonly tag: string
  readonly value: number
}

/**
 * The scalars of an event file, in its order. A record that was cut short ends it, as after a crash.
 *
 * @throws Error if a checksum does not fit
 */
export const readScalars = (file: Uint8Array): readonly ScalarEvent[] => [...unframe(file)].map(decodeEvent).flatMap(({ step = 0, summary }) =>
  (summary?.value ?? []).flatMap(({ tag, simpleValue }) => (simpleValue === undefined ? [] : [{ step, tag, value: simpleValue }])))
