import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Insists that a folder is there or could be made: that nothing on the way to it is a file. Asked before the work
 * begins whose results go there.
 *
 * @param option that named it, such as `--out`
 * @throws Error that names the file
 */
export async function checkFolderFor(who: string, option: string, path: string): Promise<void> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined)
    if (found?.isDirectory() || at === dirname(at)) return
    if (found !== undefined)
      throw new Error(`${who}: expected a folder for ${option}, got ${at}, which is none. Choose another place.`)
  }
}
