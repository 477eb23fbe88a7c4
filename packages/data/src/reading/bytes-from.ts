import { bytesAt } from '#openers'
import { FileFault } from '../datasets/file-fault.ts'
import { typed } from '../datasets/collated-by.ts'

/** Where bytes are: a path or `file:` address (in Node), another address, a `Blob` or `File`, or bytes. */
export type BytesSource = string | URL | Blob | ArrayBuffer | Uint8Array

/** Whether bytes can be read from a value. */
export const isBytesSource = (value: unknown): value is BytesSource =>
  typeof value === 'string' ||
  value instanceof URL ||
  value instanceof Blob ||
  value instanceof ArrayBuffer ||
  value instanceof Uint8Array

/**
 * The bytes that lie somewhere; those that are given are borrowed, not copied.
 *
 * @param who whom errors name
 * @param what is expected there, as in `a file of weights`
 * @throws TypeError for what is no place of bytes, Error that says why they cannot be read
 */
export async function bytesFrom(who: string, source: BytesSource, what = 'a file'): Promise<Uint8Array> {
  if (!isBytesSource(source))
    throw new TypeError(`${who}: expected ${what}: its path, its address, a Blob or bytes, got ${typed(source)}.`)
  try {
    return await readBytes(source)
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    throw new Error(`${who}: expected ${what} at ${String(source)}, but ${error.message}. Give the path of one.`, {
      cause: error
    })
  }
}

/** @throws FileFault if they cannot be read */
export async function readBytes(source: BytesSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  return source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : bytesAt(source)
}
