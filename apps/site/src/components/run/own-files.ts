import {
  filesOfZip,
  folderOf,
  imageEndings,
  isImage,
  isUnasked,
  isZip,
  type Skipped
} from '../../run/data/image-files.ts'
import type { OwnFile } from '../../run/protocol.ts'

/** What a reader gave, sorted. */
export interface Intake {
  readonly files: readonly OwnFile[]
  readonly skipped: readonly Skipped[]
  /** Images by class, the folder that they lie in; '' for images in none. */
  readonly classes: ReadonlyMap<string, readonly OwnFile[]>
}

/** Sorts files into classes, names those that are no images, and opens zips among them. */
export async function takeIn(given: readonly OwnFile[]): Promise<Intake> {
  const opened = (await Promise.all(given.map(async own => (isZip(own.path) ? unzipped(own) : [own])))).flat()
  const files: OwnFile[] = []
  const skipped: Skipped[] = []
  for (const own of opened) {
    if ('reason' in own) skipped.push(own)
    else if (isUnasked(own.path)) continue
    else if (!isImage(own.path))
      skipped.push({ path: own.path, reason: `not an image that browsers read (${imageEndings.join(', ')})` })
    else if (own.file.size === 0) skipped.push({ path: own.path, reason: 'empty' })
    else files.push(own)
  }
  const classes = new Map<string, OwnFile[]>()
  for (const own of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = folderOf(own.path) ?? ''
    classes.set(name, [...(classes.get(name) ?? []), own])
  }
  return { files, skipped, classes }
}

const unzipped = ({ path, file }: OwnFile): Promise<readonly (OwnFile | Skipped)[]> =>
  filesOfZip(file).catch(() => [{ path, reason: 'no zip, or one that is cut off; make it again' }])

/** The files of what was dropped, folders with all that lies in them. */
export async function dropped(items: DataTransferItemList): Promise<readonly OwnFile[]> {
  // The list is emptied as soon as the drop's event is over, so all are asked for before the first wait.
  const entries = Array.from(items, item => item.webkitGetAsEntry()).filter(entry => entry !== null)
  return (await Promise.all(entries.map(walk))).flat()
}

async function walk(entry: FileSystemEntry): Promise<readonly OwnFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return [{ path: entry.fullPath.replace(/^\//, ''), file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const inside: FileSystemEntry[] = []
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    inside.push(...some)
  }
  return (await Promise.all(inside.map(walk))).flat()
}
