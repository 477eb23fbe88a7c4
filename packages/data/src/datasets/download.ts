import { checkGiven, checkOptions } from '@lapstrake/core'
import { makeFolder } from '@lapstrake/files/node'
import { createHash } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { checkSignal } from '../sources/check-signal.ts'
import type { OpenProgress } from '../sources/data.ts'
import { openFile } from './open-file.ts'

/** What to fetch, and where to put it. */
export interface Download {
  readonly url: string
  /** Hexadecimal MD5 of the whole file, as its publisher gives it. */
  readonly md5: string
  /** Where the file goes. */
  readonly path: string
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined
  /** Ends it, with its reason; what was fetched by then is kept to go on with. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Fetches a file, going on where an earlier attempt broke off, and puts it in place only when its checksum is right.
 *
 * @throws Error if the address cannot be reached, the folder cannot be made or the checksum is wrong; a wrong file is
 * removed
 * @throws the reason of the signal, once that is aborted
 */
export async function download(what: Download): Promise<void> {
  checkOptions('download', what, {
    url: 'string',
    md5: 'string',
    path: 'string',
    onProgress: 'function',
    signal: 'record'
  })
  const { url, md5, path, onProgress, signal } = what
  for (const [name, value] of Object.entries({ url, md5, path }))
    checkGiven('download', `a text as ${name}`, value, 'string')
  checkSignal('download', signal)
  signal?.throwIfAborted()
  await makeFolder(dirname(path)).catch((error: unknown) => {
    throw new Error(
      `download: expected to make the folder ${dirname(path)}, but could not. ` +
        'Put the file elsewhere, and name its folder in LAPSTRAKE_DATA.',
      { cause: error }
    )
  })
  const part = `${path}.part`
  const have = await sizeOf(part)
  let response: Response
  try {
    response = await fetch(url, {
      ...(have > 0 && { headers: { range: `bytes=${have}-` } }),
      ...(signal !== undefined && { signal })
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw new Error(
      `download: expected to reach ${url}, but could not. Check the connection, or put the file at ${path} yourself.`,
      { cause: error }
    )
  }
  const done = have > 0 && response.status === 416
  if (!response.ok && !done) {
    throw new Error(
      `download: expected ${url} to be there, got ${response.status} ${response.statusText}. ` +
        `Put the file at ${path} yourself.`
    )
  }
  if (!done) {
    const resumed = response.status === 206
    const length = Number(response.headers.get('content-length') ?? NaN)
    const total = Number.isFinite(length) ? { total: length + (resumed ? have : 0) } : {}
    const file = await open(part, resumed ? 'a' : 'w')
    try {
      let received = resumed ? have : 0
      for await (const chunk of response.body!) {
        await file.write(chunk as Uint8Array)
        received += (chunk as Uint8Array).length
        onProgress?.({ what: basename(path), done: received, ...total, unit: 'bytes' })
      }
      // A power cut behind the renaming must find it whole.
      await file.sync()
    } catch (error) {
      signal?.throwIfAborted()
      throw new Error(`download: ${url} broke off. Run the same command again: it goes on where it stopped.`, {
        cause: error
      })
    } finally {
      await file.close()
    }
  }
  const found = await md5Of(part)
  if (found !== md5) {
    await rm(part)
    throw new Error(
      `download: expected ${url} to have the MD5 ${md5}, got ${found}. The file was removed; ` +
        'run the same command again.'
    )
  }
  await rename(part, path)
}

/** Folders in which data may lie, the one to download to last. */
export function dataFolders(): readonly string[] {
  const cache =
    process.platform === 'win32'
      ? (process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'))
  const chosen = process.env.LAPSTRAKE_DATA
  const usual = join(cache, 'lapstrake')
  return chosen ? [chosen, usual] : [usual]
}

/**
 * The first of the folders that has the file, or `undefined`.
 *
 * @throws Error if something of its name is no file
 */
export async function findFile(name: string): Promise<string | undefined> {
  for (const folder of dataFolders()) {
    const path = join(folder, name)
    if ((await sizeOf(path)) > 0) return path
  }
  return undefined
}

/** Bytes of a file, 0 where there is none. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || found.isFile()) return found?.size ?? 0
  const what = found.isDirectory() ? 'a folder' : 'a pipe, a socket or a device'
  throw new Error(`${path}: expected a file, got ${what}. Move it away.`)
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of (await openFile(path)).createReadStream()) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
