import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from './make-folder.ts'

/**
 * Writes a file beside its place and renames it, so that there is the old one or the new one, whole, and never a part.
 *
 * What comes piece by piece is written as it comes, and never in memory as a whole.
 *
 * @throws TypeError for what is no path, and neither bytes nor a text nor pieces of it
 * @throws Error, with what to do, if the disk is full or the folder cannot be written, and whatever fails as pieces are
 * made; nothing is left behind
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array | string>
): Promise<void> {
  if (typeof path !== 'string') throw new TypeError(`writeFileAtomic: expected the path of a file, got ${typeof path}.`)
  const isWhole = typeof content === 'string' || content instanceof Uint8Array
  if (!isWhole && typeof (content as Partial<typeof content> | undefined)?.[Symbol.asyncIterator] !== 'function')
    throw new TypeError(`writeFileAtomic: expected bytes or a text, got ${typeof content}.`)
  const beside = `${path}.${process.pid}.part`
  let failed: { readonly error: unknown } | undefined
  const pieces = isWhole
    ? content
    : telling(content, error => {
        failed = { error }
      })
  try {
    await makeFolder(dirname(path))
    const file = await open(beside, 'w')
    try {
      // It takes pieces, too, of which its type does not tell.
      await file.writeFile(pieces as string)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
    await settle(dirname(path))
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    if (failed !== undefined) throw failed.error
    const { code } = error as NodeJS.ErrnoException
    const advice =
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'The disk is full: make room, or choose another folder.'
        : code === 'EFBIG'
          ? 'No file of that size is allowed: raise the limit with ulimit -f.'
          : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
            ? 'It may not be written there: choose another folder.'
            : 'Check the folder.'
    throw new Error(
      `writeFileAtomic: expected to write ${path}, but could not (${code ?? (error as Error).message}). ${advice}`,
      { cause: error }
    )
  }
}

/** The same pieces; what fails as they are made is no fault of the file. */
async function* telling<T>(pieces: AsyncIterable<T>, onError: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* pieces
  } catch (error) {
    onError(error)
    throw error
  }
}

/**
 * Has a folder's list of files written down, so that a power cut finds the new name; some systems have no such call,
 * and need none.
 */
async function settle(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => undefined)
  await opened?.sync().catch(() => undefined)
  await opened?.close().catch(() => undefined)
}
