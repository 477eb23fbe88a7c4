import { sortedFiles, type Skipped } from '@lapstrake/data/sorted-files'
import { filesOfZip, isZip } from '../../run/data/image-files.ts'
import type { OwnFile } from '../../run/protocol.ts'

/** What a reader gave, sorted. */
export interface Intake {
  readonly files: readonly OwnFile[]
  readonly skipped: readonly Skipped[]
  /** What was left out, counted by reason: `3 hidden, such as pets/.DS_Store`. */
  readonly leftOut: readonly string[]
  /** Images by class; '' for images without. */
  readonly classes: ReadonlyMap<string, readonly OwnFile[]>
}

/** Sorts files into classes, names those that are no images, and opens zips among them. */
export async function takeIn(given: readonly OwnFile[]): Promise<Intake> {
  const opened = (await Promise.all(given.map(async own => (isZip(own.path) ? unzipped(own) : [own])))).flat()
  const { images, skipped, leftOut } = sortedFiles(
    opened.filter(one => 'file' in one),
    opened.filter(one => 'reason' in one)
  )
  const classes = new Map<string, OwnFile[]>()
  for (const { class: name, path, file } of images) {
    const files = classes.get(name) ?? []
    classes.set(name, files)
    files.push({ path, file })
  }
  return { files: images.map(({ path, file }) => ({ path, file })), skipped, leftOut, classes }
}

const unzipped = ({ path, file }: OwnFile): Promise<readonly (OwnFile | Skipped)[]> =>
  filesOfZip(file).catch(() => [{ path, reason: 'no zip, or one that is cut off (make it again)' }])

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
