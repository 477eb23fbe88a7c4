import { beginAnew } from './begin-anew.ts'
import { goOn } from './go-on.ts'
import type { Given } from './train-given.ts'
import { stat } from 'node:fs/promises'
import type { Beginning } from './beginning.ts'
import { readWholeFile } from 'lapstrake/node'

/** Begins a run, or goes on with one. */
export async function beginRun({
  resume,
  ...given
}: Given & { readonly resume?: string | undefined }): Promise<Beginning> {
  const empty = Object.entries({ resume, ...given }).find(([, value]) => value === '')
  if (empty !== undefined)
    throw new Error(`train: expected something behind --${empty[0]}, got nothing. Leave it out, or name a place.`)
  if (resume === undefined) return beginAnew(given)
  const isFolder = await stat(resume).then(
    found => found.isDirectory(),
    () => true
  )
  return isFolder ? goOn(resume, given) : beginAnew(given, { name: resume, bytes: await readWholeFile(resume) })
}
