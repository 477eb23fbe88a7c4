import crc32 from 'crc-32'
import { inflateSync } from 'fflate'

/** A file in a zip. */
export interface ZippedFile {
  readonly path: string
  /**
   * Its bytes: a view of the zip where they are not compressed.
   *
   * @throws Error if they are damaged, or packed in another way than zips usually are
   */
  readonly read: () => Uint8Array
}

/**
 * The files in a zip, of which none is read yet. What is compressed is inflated by fflate, which does not look at
 * checksums: here they are looked at.
 *
 * @throws Error for what is no zip, is cut short, or is larger than four gigabytes
 */
export function filesInZip(who: string, bytes: Uint8Array): readonly ZippedFile[] {
  // Of a Buffer, a slice is no copy.
  const zip = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  const [u16, u32] = [(at: number) => view.getUint16(at, true), (at: number) => view.getUint32(at, true)]
  const damaged = (what: string, cause?: unknown): Error =>
    new Error(`${who}: expected a whole zip, ${what}. It is damaged or cut short: save it anew.`, { cause })

  const fileAt = (entry: number): ZippedFile => {
    const path = new TextDecoder().decode(zip.subarray(entry + 46, entry + 46 + u16(entry + 28)))
    const [method, checksum] = [u16(entry + 10), u32(entry + 16)]
    const [packed, size, start] = [u32(entry + 20), u32(entry + 24), u32(entry + 42)]
    return {
      path,
      read() {
        if (packed === limit || size === limit || start === limit) throw tooLarge(who, zip)
        const from = start + 30 + u16(start + 26) + u16(start + 28)
        const bytes = zip.subarray(from, from + packed)
        if (method !== stored && method !== deflated)
          throw new Error(`${who}: expected ${path} to be deflated or stored, got method ${method}. Pack it anew.`)
        const whole = method === stored ? bytes : inflated(bytes, size)
        if (whole?.length === size && crc32.buf(whole) >>> 0 === checksum) return whole
        throw damaged(`but ${path} is not what was written`)
      }
    }
  }

  const end = endOf(zip, u32)
  if (end < 0) throw damaged('but it does not end as one')
  const files: ZippedFile[] = []
  try {
    let entry = u32(end + 16)
    if (entry === limit) throw tooLarge(who, zip)
    for (let left = u16(end + 10); left > 0; left--) {
      if (u32(entry) !== 0x02014b50) throw damaged('but its list of files is none')
      files.push(fileAt(entry))
      entry += 46 + u16(entry + 28) + u16(entry + 30) + u16(entry + 32)
    }
  } catch (error) {
    throw error instanceof RangeError ? damaged('but its list of files is cut', error) : error
  }
  return files.filter(({ path }) => !path.endsWith('/'))
}

const [stored, deflated] = [0, 8]

/** What stands where a number does not fit. */
const limit = 0xffffffff

/** Where a zip says how it ends: before a comment of any length; -1 where it does not. */
function endOf(zip: Uint8Array, u32: (at: number) => number): number {
  for (let at = zip.length - 22; at >= Math.max(0, zip.length - 22 - 0xffff); at--)
    if (u32(at) === 0x06054b50) return at
  return -1
}

/** What bytes were before they were deflated; nothing where they are damaged. */
function inflated(bytes: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateSync(bytes, { out: new Uint8Array(size) })
  } catch {
    return undefined
  }
}

const tooLarge = (who: string, { length }: Uint8Array): Error =>
  new Error(`${who}: expected a zip below 4 GB, got ${(length / 1e9).toFixed(1)} GB. Save its arrays in several.`)
