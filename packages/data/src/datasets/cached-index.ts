import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dataFolders } from './download.ts'

const format = 1

/**
 * What was found out about files once and need not be found out again as long as `state` is the same: kept in the user's cache. Where that cannot be
 * read or written it is found out each time.
 *
 * @param path what it is about
 * @param state changes whenever the index would
 */
export async function cachedIndex<T>(path: string, state: string, make: () => Promise<T>): Promise<T> {
  const file = join(dataFolders().at(-1)!, 'indices', `${createHash('sha256').update(path).digest('hex').slice(0, 24)}.json`)
  const known = await readFile(file, 'utf8').then(text => JSON.parse(text) as { format: number; path: string; state: string; index: T }).catch(() => undefined)
  if (known?.format === format && known.path === path && known.state === state) return known.index
  const index = await make()
  const beside = `${file}.${process.pid}.part`
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(beside, JSON.stringify({ format, path, state, index }))
    await rename(beside, file)
  } catch {
    await rm(beside, { force: true }).catch(() => {})
  }
  return index
}
