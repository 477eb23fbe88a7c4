import { FileFault } from './file-fault.ts'

/** Numbers of tags that say how pixels are stored. */
const tag = {
  bits: 258,
  compression: 259,
  photometric: 262,
  offsets: 273,
  counts: 279,
  tileOffsets: 324,
  tileCounts: 325,
  format: 339
} as const

/** None, fax, LZW, JPEG, deflate and packed bits; others are read as black. */
const compressions = [1, 2, 3, 4, 5, 7, 8, 32771, 32773, 32946]
const names: Readonly<Record<number, string>> = {
  6: 'old JPEG',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL'
}
/** Grey either way, red, green and blue, a palette, inks, and YCbCr. */
const photometrics = [0, 1, 2, 3, 5, 6]

/** Whether a file begins as a TIFF does, also as one beyond four gigabytes. */
export const isTiff = (bytes: Uint8Array): boolean =>
  ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(String.fromCharCode(...bytes.subarray(0, 4)))

/**
 * Refuses a TIFF that would be decoded to other pixels than those in it: its first picture must be of whole numbers
 * above 0 of at most 16 bits, compressed in a way that is decoded here, and all there.
 *
 * @throws FileFault that says what it is instead
 */
export function checkTiff(bytes: Uint8Array): void {
  const tags = tagsOf(bytes)
  const one = (name: number, otherwise: number): number => tags(name)?.[0] ?? otherwise
  const formats = tags(tag.format) ?? [1]
  const bits = tags(tag.bits) ?? [1]
  // 4 is undefined, which writers of whole numbers say, too.
  const strange = formats.find(format => format !== 1 && format !== 4)
  const wide = bits.find(count => count !== bits[0] || ![1, 2, 4, 8, 16].includes(count))
  if (strange !== undefined || wide !== undefined) {
    const kind = strange === 3 ? 'floats' : strange === 2 ? 'signed numbers' : strange ? 'complex numbers' : 'numbers'
    throw new FileFault(`it is a TIFF of ${bits[0]}-bit ${kind}: save it with 8 or 16 bits, from black to white`)
  }
  const compression = one(tag.compression, 1)
  if (!compressions.includes(compression)) {
    const name = names[compression] ?? `number ${compression}`
    throw new FileFault(`it is a TIFF compressed by ${name}, which is not decoded here: save it by LZW or deflate`)
  }
  const photometric = one(tag.photometric, 1)
  if (!photometrics.includes(photometric) || (photometric === 6 && compression !== 7)) {
    const name = photometric === 6 ? 'YCbCr without JPEG' : photometric === 8 ? 'CIELAB' : `number ${photometric}`
    throw new FileFault(`it is a TIFF with the colours ${name}, which are not decoded here: save it in RGB`)
  }
  for (const [offsets, counts] of [
    [tag.offsets, tag.counts],
    [tag.tileOffsets, tag.tileCounts]
  ] as const) {
    const sizes = tags(counts) ?? []
    const missing = tags(offsets)?.some((offset, i) => offset + (sizes[i] ?? 0) > bytes.length)
    if (missing) throw new FileFault('it is cut short')
  }
}

/** Bytes of a number, by the type that a tag has; of whole numbers. */
const lengths: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 }

/** The whole numbers under each tag of the first picture. */
function tagsOf(bytes: Uint8Array): (name: number) => readonly number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const little = bytes[0] === 0x49
  const isBig = bytes[little ? 2 : 3] === 0x2b
  const number = (at: number, length: number): number => {
    if (!(at + length <= bytes.length)) throw new FileFault('it is cut short')
    if (length === 1) return view.getUint8(at)
    if (length === 2) return view.getUint16(at, little)
    return length === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little))
  }
  const word = isBig ? 8 : 4
  const directory = number(isBig ? 8 : 4, word)
  const first = directory + (isBig ? 8 : 2)
  const entry = 4 + 2 * word
  const places = new Map<number, number>()
  for (let i = number(directory, isBig ? 8 : 2), at = first; i > 0; i--, at += entry) places.set(number(at, 2), at)
  return name => {
    const at = places.get(name)
    const length = at === undefined ? undefined : lengths[number(at + 2, 2)]
    if (at === undefined || length === undefined) return undefined
    const count = number(at + 4, word)
    const start = count * length <= word ? at + 4 + word : number(at + 4 + word, word)
    // Before so many numbers are read.
    if (!(start + count * length <= bytes.length)) throw new FileFault('it is cut short')
    return Array.from({ length: count }, (_, i) => number(start + i * length, length))
  }
}
