import { crc32c } from '@lapstrake/files'

/** A record as TensorFlow frames it: its length, a checksum of that, the bytes, a checksum of those. */
export function frame(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(bytes.length + overhead)
  const view = new DataView(framed.buffer)
  view.setBigUint64(0, BigInt(bytes.length), true)
  view.setUint32(8, masked(framed.subarray(0, 8)), true)
  framed.set(bytes, 12)
  view.setUint32(12 + bytes.length, masked(bytes), true)
  return framed
}

/**
 * The records of a file. One that was cut short ends it, as after a crash.
 *
 * @throws Error if a checksum does not fit
 */
export function* unframe(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let at = 0; at + overhead <= file.length;) {
    const length = Number(view.getBigUint64(at, true))
    check(file.subarray(at, at + 8), view.getUint32(at + 8, true), at)
    const end = at + 12 + length
    if (end + 4 > file.length) return
    check(file.subarray(at + 12, end), view.getUint32(end, true), at)
    yield file.subarray(at + 12, end)
    at = end + 4
  }
}

/** Bytes around each record: eight of length, four and four of checksums. */
const overhead = 16

/** CRC-32C, turned and shifted, so that a checksum of bytes that hold checksums is none of theirs. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0
}

function check(bytes: Uint8Array, told: number, at: number): void {
  const found = masked(bytes)
  if (found !== told) throw new Error(`readScalars: expected a checksum of ${told} in the record at byte ${at}, got ${found}. The file is damaged.`)
}
