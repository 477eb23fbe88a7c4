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

/** A record, and the byte that it begins with in its file. */
export interface FileRecord {
  readonly at: number
  readonly bytes: Uint8Array
}

/**
 * The records of a file. One that was cut short ends it, as after a crash.
 *
 * @param name what errors call the file
 * @throws Error that names it if a checksum does not fit
 */
export function* unframe(file: Uint8Array, name: string): Generator<FileRecord> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(view.getBigUint64(at, true))
    check(file.subarray(at, at + 8), view.getUint32(at + 8, true), name, at)
    const end = at + 12 + length
    if (end + 4 > file.length) return
    const bytes = file.subarray(at + 12, end)
    check(bytes, view.getUint32(end, true), name, at)
    yield { at, bytes }
    at = end + 4
  }
}

/** Bytes around each record: eight of length, four and four of checksums. */
const overhead = 16

/** CRC-32C, turned and shifted, so that a checksum of bytes that hold checksums is none of theirs. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function check(bytes: Uint8Array, told: number, name: string, at: number): void {
  const found = masked(bytes)
  if (found === told) return
  throw new Error(
    `${name}: expected a checksum of ${told} in the record at byte ${at}, got ${found}. ` +
      `It is damaged, or no event file; put back a copy.`
  )
}
