import { describe, expect, test } from 'vitest'
import { frame, unframe } from './records.ts'

describe('records', () => {
  test("golden: the checksum of TensorFlow's format, worked out by its formula", () => {
    // CRC-32C of "123456789" is e3069283; turned right by 15 it is 2507c60d, and with a282ead8 it is c78ab0e5.
    const framed = frame(new TextEncoder().encode('123456789'))
    expect(new DataView(framed.buffer).getUint32(12 + 9, true).toString(16)).toBe('c78ab0e5')
    expect([...framed.subarray(0, 8)]).toEqual([9, 0, 0, 0, 0, 0, 0, 0])
  })

  test('come back from a file that was cut anywhere, but for the last', () => {
    const file = Buffer.concat([frame(Uint8Array.of(1, 2, 3)), frame(Uint8Array.of()), frame(Uint8Array.of(4))])
    for (let length = 0; length <= file.length; length++) {
      const whole = [[1, 2, 3], [], [4]].slice(0, length < 19 ? 0 : length < 35 ? 1 : length < 52 ? 2 : 3)
      expect([...unframe(file.subarray(0, length), 'x')].map(({ bytes }) => [...bytes])).toEqual(whole)
    }
    expect([...unframe(file, 'x')].map(({ at }) => at)).toEqual([0, 19, 35])
  })

  test('with any bit flipped are refused by the name of their file', () => {
    const file = frame(Uint8Array.of(1, 2, 3))
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const flipped = file.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => [...unframe(flipped, 'runs/events.out')]).toThrow('runs/events.out: expected a checksum of ')
    }
  })
})
