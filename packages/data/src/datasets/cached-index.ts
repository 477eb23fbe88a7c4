import { openJson, sealJson } from '@lapstrake/files'
import { readWholeFile, writeFileAtomic } from '@lapstrake/files/node'
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { dataFolders } from './download.ts'

const format = 5

/**
 * Clocks of file systems are no finer than this, in milliseconds: what changed later may change again without a new
 * time.
 */
const coarsestClock = 2000

/** What was found out, and of when. */
export interface Found<T> {
  readonly index: T
  /** Changes whenever the index would. */
  readonly state: string
  /** When it last changed, in milliseconds since 1970. */
  readonly changed: number
}

/** How something is found out about a file or folder. */
interface Finding<T> {
  readonly path: string
  make(): Promise<Found<T>>
  /** What the state is now of what an index speaks of. Where it throws, the index no longer holds. */
  stateNow(index: T): Promise<string>
}

interface Kept<T> extends Pick<Found<T>, 'index' | 'state'> {
  readonly format: number
  readonly path: string
}

/**
 * What was found out about files once and need not be found out again as long as their state is the same: kept in the
 * user's cache, with a checksum. Where that cannot be read or written, or is damaged, it is found out each time; and
 * so it is while the files are so new that a change might not be seen.
 */
export async function cachedIndex<T>({ path, make, stateNow }: Finding<T>): Promise<T> {
  const file = join(
    dataFolders().at(-1)!,
    'indices',
    `${createHash('sha256').update(path).digest('hex').slice(0, 24)}.json`
  )
  const known = await readWholeFile(file)
    .then(bytes => openJson<Kept<T>>(new TextDecoder().decode(bytes), file))
    .catch(() => undefined)
  if (known?.format === format && known.path === path) {
    const now = await stateNow(known.index).catch(() => undefined)
    if (now === known.state) return known.index
  }
  const begun = Date.now()
  const { index, state, changed } = await make()
  const kept: Kept<T> = { format, path, state, index }
  if (changed < begun - coarsestClock) await writeFileAtomic(file, sealJson(kept)).catch(() => {})
  return index
}

/** When a file or folder changed, also where its time was set back, and how long it is. */
export const stateOf = ({ size, mtimeMs, ctimeMs }: Stats): string => `${size} ${mtimeMs} ${ctimeMs}`

/** The last of its changes. */
export const lastChange = ({ mtimeMs, ctimeMs }: Stats): number => Math.max(mtimeMs, ctimeMs)
