import { crc32c } from '@lapstrake/files'

/** The name of the checksum in a file's metadata. */
export const sealKey = 'crc32c'

/** What stands for the checksum while it is computed. */
export const blank = '00000000'

const before = `{"__metadata__":{"${sealKey}":"`
const start = 8 + before.length
const end = start + blank.length

/** Writes the checksum into a file whose metadata begin with a blank one. */
export function seal(file: Uint8Array): void {
  file.set(new TextEncoder().encode(checksumOf(file)), start)
}

/** What is wrong with a checksum that a file tells, given the text of its header; nothing if it is right. */
export function faultOfSeal(told: string, header: string, file: Uint8Array): string | undefined {
  const inPlace = header.startsWith(`${before}${told}"`) && /^[0-9a-f]{8}$/.test(told)
  if (!inPlace) return `whose "${sealKey}" is not where, or not what, lapstrake writes`
  const found = checksumOf(file)
  return found === told ? undefined : `with a checksum of ${told} where its content has ${found}`
}

/** CRC-32C of a whole file, its own eight digits taken for zeros; in pieces, so that nothing is copied. */
function checksumOf(file: Uint8Array): string {
  const checksum = crc32c(file.subarray(end), crc32c(blank, crc32c(file.subarray(0, start))))
  return checksum.toString(16).padStart(blank.length, '0')
}
