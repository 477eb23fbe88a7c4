import { beginAnew } from './begin-anew.ts'
import { goOn } from './go-on.ts'
import type { Given } from './train-given.ts'
import { stat } from 'node:fs/promises'
import type { Beginning } from './beginning.ts'
import { readWholeFile } from 'lapstrake/node'

/**
 * Begins a run, or goes on with one.
 *
 * @throws the reason of the signal, where that is aborted while data are opened: all is as it was before
 */
export async function beginRun(
  { resume, ...given }: Given & { readonly resume?: string | undefined },
  signal: AbortSignal
): Promise<Beginning> {
  if (resume === undefined) return beginAnew(given, signal)
  const isFolder = await stat(resume).then(
    found => found.isDirectory(),
    () => true
  )
  return isFolder
    ? goOn(resume, given, signal)
    : beginAnew(given, signal, { name: resume, bytes: await readWholeFile(resume) })
}
