import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Gives the uppermost that it made, or nothing where all were
 * there.
 *
 * Node's own recursive `mkdir` never ends where a file system has no folder and takes none, as in `/proc`.
 *
 * @throws TypeError for what is no path
 * @throws Error of Node's, with its code, if one of them cannot be made
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  if (typeof path !== 'string') throw new TypeError(`makeFolder: expected the path of a folder, got ${typeof path}.`)
  const folder = resolve(path)
  try {
    return await made(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error
  }
  const uppermost = await makeFolder(dirname(folder))
  // Where its parent is there now and it has no place all the same, it never will.
  return [uppermost, await made(folder)].find(one => one !== undefined)
}

/** Makes one folder; gives nothing if it is there already. */
async function made(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder)
    return folder
  } catch (error) {
    if (
      await stat(folder).then(
        found => found.isDirectory(),
        () => false
      )
    )
      return undefined
    throw error
  }
}
