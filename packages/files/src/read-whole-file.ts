import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Reads a file. What is none, such as a pipe that nobody writes to, is refused instead of waited for.
 *
 * @throws TypeError for what is no path
 * @throws Error that names it, with Node's as its cause, if it is not there, cannot be read or is no file
 */
export async function readWholeFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof path !== 'string') throw new TypeError(`readWholeFile: expected the path of a file, got ${typeof path}.`)
  const fail = (what: string, cause?: unknown): never => {
    throw new Error(`${path}: expected a file, got ${what}.`, { cause })
  }
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) =>
    fail(
      error.code === 'ENOENT'
        ? 'none'
        : error.code === 'EACCES'
          ? 'one that may not be read here'
          : `none that opens (${error.code ?? error.message})`,
      error
    )
  )
  const unreadable = (error: NodeJS.ErrnoException): never =>
    fail(`one that cannot be read (${error.code ?? error.message})`, error)
  try {
    const found = await file.stat().catch(unreadable)
    if (!found.isFile()) return fail(found.isDirectory() ? 'a folder' : 'a pipe, a socket or a device')
    return (await file.readFile().catch(unreadable)) as Uint8Array<ArrayBuffer>
  } finally {
    // What was read is whole, however closing ends.
    await file.close().catch(() => {})
  }
}
