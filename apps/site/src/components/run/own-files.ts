import { unzip, type Unzipped } from 'fflate'
import type { OwnFile } from '../../run/protocol.ts'

export interface Skipped {
  readonly path: string
  readonly reason: string
}

/** What a reader gave, sorted. */
export interface Intake {
  readonly files: readonly OwnFile[]
  readonly skipped: readonly Skipped[]
  /** Images by class, the folder that they lie in; '' for images in none. */
  readonly classes: ReadonlyMap<string, readonly OwnFile[]>
}

const images: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', webp: 'image/webp', gif: 'image/gif', bmp: 'image/bmp', avif: 'image/avif' }
const endingOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
/** What systems put beside files without being asked. */
const isUnasked = (path: string): boolean => /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i.test(path)

/** Sorts files into classes, names those that are no images, and opens zips among them. */
export async function takeIn(given: readonly OwnFile[]): Promise<Intake> {
  const opened = (await Promise.all(given.map(async own => endingOf(own.path) === 'zip' ? unzipped(own) : [own]))).flat()
  const files: OwnFile[] = []
  const skipped: Skipped[] = []
  for (const own of opened) {
    if ('reason' in own) skipped.push(own)
    else if (isUnasked(own.path)) continue
    else if (!(endingOf(own.path) in images)) skipped.push({ path: own.path, reason: `not an image that browsers read (${Object.keys(images).join(', ')})` })
    else if (own.file.size === 0) skipped.push({ path: own.path, reason: 'empty' })
    else files.push(own)
  }
  const classes = new Map<string, OwnFile[]>()
  for (const own of files.toSorted((a, b) => a.path < b.path ? -1 : 1)) {
    const name = own.path.split('/').at(-2) ?? ''
    classes.set(name, [...classes.get(name) ?? [], own])
  }
  return { files, skipped, classes }
}

async function unzipped({ path, file }: OwnFile): Promise<readonly (OwnFile | Skipped)[]> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  try {
    const entries = await new Promise<Unzipped>((resolve, reject) => unzip(bytes, (error, found) => error ? reject(error) : resolve(found)))
    return Object.entries(entries).filter(([name]) => !name.endsWith('/')).map(([name, content]) => ({
      path: name, file: new File([content as Uint8Array<ArrayBuffer>], name.split('/').at(-1)!, { type: images[endingOf(name)] ?? '' })
    }))
  } catch {
    return [{ path, reason: 'no zip, or one that is cut off; make it again' }]
  }
}

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
