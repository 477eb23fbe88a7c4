import { expect, test } from 'vitest'
import { encodeEvent } from './event.ts'
import { histogram, readScalars, scalar, type Summary } from './index.ts'
import { frame } from './records.ts'

const file = (...records: Uint8Array[]): Uint8Array => Buffer.concat(records.map(frame))
const event = (step: number, ...value: Summary[]): Uint8Array => encodeEvent({ wallTime: -1, step, summary: { value } })

test('scalars come back in their order, and nothing else', () => {
  const version = encodeEvent({ wallTime: 0, step: 0, fileVersion: 'brain.Event:2' })
  const values = [scalar('a', 0), histogram('b', [1]), scalar('a', NaN)]
  expect(readScalars(file(version, event(3, ...values), event(-2, scalar('é', -1))))).toEqual([
    { step: 3, tag: 'a', value: 0 },
    { step: 3, tag: 'a', value: NaN },
    { step: -2, tag: 'é', value: -1 }
  ])
})

test('what a file leaves out stands for zero, or for an empty word', () => {
  // An event of another program: no step, and a value without a tag. Field 5, in it field 1, in it field 2, a float.
  const float = [0x15, 0, 0, 0x80, 0x3f]
  expect(readScalars(file(Uint8Array.of(0x2a, 7, 0x0a, 5, ...float)))).toEqual([{ step: 0, tag: '', value: 1 }])
  expect(readScalars(new Uint8Array())).toEqual([])
})

const beyond = [0x10, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]
const second = event(1).length + 16
test.each<[string, Uint8Array, string]>([
  ['no event', file(Uint8Array.of(0x2a, 200, 1)), 'expected an event in the record at byte 0'],
  ['none behind a good one', file(event(1), Uint8Array.of(255)), `expected an event in the record at byte ${second}`],
  ['a step that no number holds', file(Uint8Array.from(beyond)), 'expected steps of at most 2^53'],
  ['a text', new TextEncoder().encode('step,loss\n1,0.5\n'), 'expected a checksum of 741411443'],
  ['what is full of ones', new Uint8Array(16).fill(255), 'expected a checksum of 4294967295']
])('%s is refused by the name of the file', (_, bytes, message) => {
  expect(() => readScalars(bytes, { name: 'run/events' })).toThrow(`run/events: ${message}`)
  expect(() => readScalars(bytes)).toThrow(/^events: expected .* got .*\.$/)
})
