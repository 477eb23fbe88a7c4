import type { FileHandle } from 'node:fs/promises'
import { openFile } from './open-file.ts'

/** Something in a tar archive. */
export interface TarMember {
  readonly name: string
  readonly kind: 'file' | 'link' | 'folder' | 'other'
  /** Where its bytes begin in the archive. */
  readonly offset: number
  readonly size: number
  /** Reads them. To be asked before the next member. */
  bytes(): Promise<Uint8Array>
}

/** What is wrong with an archive, in words that go on from "but". */
export class TarFault extends Error {}

const block = 512
/** Bytes that are read at once: many small members, or not too much of a great one that is passed over. */
const atOnce = 2 ** 18
/** Names, and what else stands before a member in members of their own. */
const longestRecord = 2 ** 20

/**
 * The members of a tar archive (POSIX pax, ustar and GNU), in order. What they hold is passed over, not read, unless it
 * is asked for.
 *
 * @throws TarFault for an archive that is compressed, damaged or cut short, has none of the mark at its end, more
 * behind it, or sparse members
 */
export async function* membersOfTar(path: string): AsyncGenerator<TarMember, void, void> {
  const file = await openFile(path)
  try {
    yield* members(file)
  } finally {
    await file.close()
  }
}

async function* members(file: FileHandle): AsyncGenerator<TarMember, void, void> {
  const { size: length } = await file.stat()
  const read = reader(file)
  if (isPacked(await read(0, Math.min(2, length))))
    throw new TarFault('it is compressed. Unpack it: images gain nothing from it')
  let [at, before] = [0, 'the beginning']
  let everywhere: Records = new Map()
  let ahead: Records = new Map()
  for (;;) {
    if (at + block > length) {
      throw new TarFault(length === 0 ? 'it is empty' : noEnd(length, before))
    }
    const header = await read(at, block)
    if (header.every(byte => byte === 0)) return checkEnd(read, at, length)
    if (!isHeader(header)) throw new TarFault(at === 0 ? 'it is none' : `what follows at byte ${at} is damaged`)
    const type = String.fromCharCode(header[156]!)
    const records = new Map([...everywhere, ...ahead])
    const name = records.get('path') ?? nameIn(header)
    const size = Number(records.get('size') ?? numberIn(header.subarray(124, 136)))
    const offset = at + block
    if (!Number.isSafeInteger(size) || size < 0) throw new TarFault(`the length of ${name} at byte ${at} is damaged`)
    const next = offset + Math.ceil(size / block) * block
    if (offset + size > length) {
      const missing = offset + size - length
      throw new TarFault(`it ends at byte ${length} within ${name}, of which ${missing} bytes are missing`)
    }
    if (next > length) throw new TarFault(noEnd(length, name))
    if ('xgLK'.includes(type)) {
      if (size > longestRecord) throw new TarFault(`what stands before a member at byte ${at} is damaged`)
      const told = recordsIn(type, await read(offset, size), at)
      if (type === 'g') everywhere = new Map([...everywhere, ...told])
      else ahead = new Map([...ahead, ...told])
    } else {
      if (type === 'S' || [...records.keys()].some(key => key.startsWith('GNU.sparse.'))) {
        const real = records.get('GNU.sparse.name') ?? name
        throw new TarFault(`${real} in it is sparse, which is not read. Make it without --sparse`)
      }
      ahead = new Map()
      before = name
      yield { name, kind: kindOf(type, name), offset, size, bytes: () => read(offset, size) }
    }
    at = next
  }
}

/** Old archives tell folders by their names. */
function kindOf(type: string, name: string): TarMember['kind'] {
  if (type === '5' || name.endsWith('/')) return 'folder'
  return ['0', '\0', '7'].includes(type) ? 'file' : '12'.includes(type) ? 'link' : 'other'
}

const noEnd = (length: number, before: string): string =>
  `it ends at byte ${length}, behind ${before}, without the mark of an end: nobody knows how much is missing`

type Read = (offset: number, size: number) => Promise<Uint8Array>

/** Reads parts of a file, some more at once. What it gives holds until the next. */
function reader(file: FileHandle): Read {
  let [start, window] = [0, new Uint8Array()]
  return async (offset, size) => {
    if (offset < start || offset + size > start + window.length) {
      const bytes = new Uint8Array(Math.max(size, atOnce))
      let done = 0
      while (done < size) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done)
        if (bytesRead === 0) throw new TarFault(`it ended at byte ${offset + done} while it was read`)
        done += bytesRead
      }
      ;[start, window] = [offset, bytes.subarray(0, done)]
    }
    return window.subarray(offset - start, offset - start + size)
  }
}

/** Behind the mark of an end there are zeros; anything else is another archive, which would be missed. */
async function checkEnd(read: Read, at: number, length: number): Promise<void> {
  for (let offset = at; offset < length; offset += atOnce) {
    const some = await read(offset, Math.min(atOnce, length - offset))
    const more = some.findIndex(byte => byte !== 0)
    if (more >= 0)
      throw new TarFault(`there is more behind its end at byte ${at}, from byte ${offset + more}: archives in one file`)
  }
}

/** The sum of a header's bytes stands in it, summed up as if there were spaces. */
function isHeader(header: Uint8Array): boolean {
  let [plain, signed] = [0, 0]
  for (let i = 0; i < block; i++) {
    const byte = i >= 148 && i < 156 ? 32 : header[i]!
    plain += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  const told = numberIn(header.subarray(148, 156))
  return told === plain || told === signed
}

/** How gzip, Zstandard, xz, bzip2 and zip begin. */
const packed = [0x1f8b, 0x28b5, 0xfd37, 0x425a, 0x504b]
const isPacked = ([a = 0, b = 0]: Uint8Array): boolean => packed.includes(256 * a + b)

/** Octal digits; or, where the first bit is set, a number in base 256. */
function numberIn(field: Uint8Array): number {
  if ((field[0]! & 0x80) === 0) {
    const digits = textIn(field).trim()
    return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN
  }
  return field.reduce((sum, byte, i) => sum * 256 + (i === 0 ? byte & 0x7f : byte), 0)
}

function nameIn(header: Uint8Array): string {
  const name = textIn(header.subarray(0, 100))
  // GNU has other things where POSIX has the folders of a long name.
  const isPosix = textIn(header.subarray(257, 263)) === 'ustar'
  const prefix = isPosix ? textIn(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const latin1 = new TextDecoder('latin1')

/** Names of older systems are no UTF-8: a letter for each of their bytes keeps them apart. */
function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return latin1.decode(bytes)
  }
}

/** Up to the first zero. */
function textIn(field: Uint8Array): string {
  const end = field.indexOf(0)
  return decoded(end < 0 ? field : field.subarray(0, end))
}

type Records = ReadonlyMap<string, string>

/** What a member tells of the next: lines of pax, each with its length before it, or a long name of GNU. */
function recordsIn(type: string, bytes: Uint8Array, at: number): Records {
  if (type === 'L') return new Map([['path', textIn(bytes)]])
  if (type === 'K') return new Map()
  const records = new Map<string, string>()
  for (let start = 0; start < bytes.length && bytes[start] !== 0; ) {
    const space = bytes.indexOf(32, start)
    const length = Number(decoded(bytes.subarray(start, Math.max(start, space))))
    const line = decoded(bytes.subarray(space + 1, start + length - 1))
    const equals = line.indexOf('=')
    if (!(length > 0) || start + length > bytes.length || equals < 0)
      throw new TarFault(`what stands before a member at byte ${at} is damaged`)
    records.set(line.slice(0, equals), line.slice(equals + 1))
    start += length
  }
  return records
}
