import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire'
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
export const readScalars = (file: Uint8Array): readonly ScalarEvent[] => [...unframe(file)].flatMap(record => {
  const event = fieldsOf(record)
  const step = Number(event.get(2)?.[0]?.int64() ?? 0)
  return (event.get(5) ?? []).flatMap(summary => (fieldsOf(summary.bytes()).get(1) ?? []).flatMap(value => {
    const fields = fieldsOf(value.bytes())
    const number = fields.get(2)?.[0]?.float()
    return number === undefined ? [] : [{ step, tag: fields.get(1)?.[0]?.string() ?? '', value: number }]
  }))
})

/** A reader at each value of each field of a message. */
function fieldsOf(message: Uint8Array): ReadonlyMap<number, readonly BinaryReader[]> {
  const fields = new Map<number, BinaryReader[]>()
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [field, type]: [number, WireType] = reader.tag()
    fields.set(field, [...fields.get(field) ?? [], new BinaryReader(message.subarray(reader.pos))])
    reader.skip(type)
  }
  return fields
}
