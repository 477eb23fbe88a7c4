import { createHash } from 'node:crypto'
import type { Dirent, Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cachedIndex, lastChange, stateOf } from './cached-index.ts'
import type { ImageDataset } from './images.ts'
import { decoded } from './decoded.ts'
import { checkDecoded, type DecodedOptions } from './decoded-options.ts'
import { bytesOf } from './open-file.ts'

/** The files of a class, in one string: a million names take some twenty megabytes so. */
interface ClassIndex {
  readonly name: string
  /** Names of files, with a slash behind each, which no name has in it. */
  readonly files: string
}

/**
 * A folder with a folder of JPEG or PNG files for each class. Files are read and decoded as they are asked for, in
 * worker threads, and kept in memory while there is room. What lies in the folders is listed once and remembered in the
 * user's cache, until a folder changes.
 *
 * Links are followed. What is called like an image and is a folder, a pipe, a socket or a device is left out; a link
 * that leads nowhere is an image that cannot be read.
 *
 * @throws Error if there is no folder or no image in it, and an `UnreadableExample` on reading if a file is
 * gone or cannot be decoded
 * @throws RangeError for a size that is no whole number from 1 to 8192
 */
export async function openImageFolder(path: string, options: DecodedOptions): Promise<ImageDataset> {
  checkDecoded('imageFolder', options)
  const classes = await classesIn(path)
  const found = await Promise.all(classes.map(name => stat(join(path, name))))
  const states = classes.map((name, i) => `${name} ${stateOf(found[i]!)}`).join('\n')
  const listed = await cachedIndex(
    {
      path: resolve(path),
      state: createHash('sha256').update(states).digest('hex'),
      changed: found.reduce((last, stats) => Math.max(last, lastChange(stats)), 0)
    },
    () =>
      Promise.all(
        classes.map(
          async (name): Promise<ClassIndex> => ({
            name,
            files: (await imagesIn(join(path, name))).map(file => `${file}/`).join('')
          })
        )
      )
  )
  const places = placesOf(listed)
  if (places.labels.length === 0) {
    throw new Error(
      `imageFolder: expected ${path}/<class>/<image>.jpg or .png, got no image in ${classes.length} folders.`
    )
  }
  const fileOf = (i: number): string => {
    const { name, files } = listed[places.labels[i]!]!
    return join(path, name, files.slice(places.starts[i], files.indexOf('/', places.starts[i])))
  }
  return decoded(
    {
      who: 'imageFolder',
      name: path,
      classes,
      labels: places.labels,
      nameOf: fileOf,
      bytesOf: i => bytesOf(fileOf(i))
    },
    options
  )
}

/** Names of the folders in a folder, in order. */
async function classesIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`imageFolder: expected a folder at ${path}, but it cannot be read.`, { cause: error })
  })
  const isFolder = await Promise.all(
    entries.map(async entry => entry.isDirectory() || (await behind(path, entry))?.isDirectory())
  )
  return entries
    .filter((_, i) => isFolder[i])
    .map(({ name }) => name)
    .sort()
}

/** Names of the images in a folder, in order. */
async function imagesIn(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`imageFolder: expected to list ${folder}, but it cannot be read.`, { cause: error })
  })
  const entries = found.filter(({ name }) => /\.(jpe?g|png)$/i.test(name))
  const names: string[] = []
  // Links are looked behind; some at a time, for there may be a million.
  for (let start = 0; start < entries.length; start += 256) {
    await Promise.all(
      entries.slice(start, start + 256).map(async entry => {
        const isImage = entry.isFile() || (entry.isSymbolicLink() && (await behind(folder, entry))?.isFile() !== false)
        if (isImage) names.push(entry.name)
      })
    )
  }
  return names.sort()
}

/** What a link leads to; nothing where it leads nowhere, or is no link. */
const behind = async (folder: string, entry: Dirent): Promise<Stats | undefined> =>
  entry.isSymbolicLink() ? stat(join(folder, entry.name)).catch(() => undefined) : undefined

/** The class of each file, and where its name starts. */
function placesOf(classes: readonly ClassIndex[]): { readonly labels: Int32Array; readonly starts: Uint32Array } {
  const size = classes.reduce((sum, { files }) => sum + (files.match(/\//g)?.length ?? 0), 0)
  const [labels, starts] = [new Int32Array(size), new Uint32Array(size)]
  let i = 0
  classes.forEach(({ files }, label) => {
    for (let start = 0; start < files.length; start = files.indexOf('/', start) + 1) {
      labels[i] = label
      starts[i++] = start
    }
  })
  return { labels, starts }
}
