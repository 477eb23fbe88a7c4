import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from './make-folder.ts'

/**
 * Writes a file beside its place and renames it, so that there is the old one or the new one, whole, and never a part.
 *
 * @throws TypeError for what is no path, and neither bytes nor a text
 * @throws Error, with what to do, if the disk is full or the folder cannot be written; nothing is left behind
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  if (typeof path !== 'string') throw new TypeError(`writeFileAtomic: expected the path of a file, got ${typeof path}.`)
  if (typeof content !== 'string' && !(content instanceof Uint8Array))
    throw new TypeError(`writeFileAtomic: expected bytes or a text, got ${typeof content}.`)
  const beside = `${path}.${process.pid}.part`
  try {
    await makeFolder(dirname(path))
    const file = await open(beside, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
    await settle(dirname(path))
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
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

/**
 * Has a folder's list of files written down, so that a power cut finds the new name; some systems have no such call,
 * and need none.
 */
async function settle(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => undefined)
  await opened?.sync().catch(() => undefined)
  await opened?.close().catch(() => undefined)
}
