import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cachedIndex } from './cached-index.ts'
import type { Dataset } from './dataset.ts'
import { decode } from './decode.ts'
import { decoded, type DecodedOptions } from './decoded.ts'

export type ImageFolderOptions = DecodedOptions

/** The files of a class, in one string: a million names take some twenty megabytes so. */
interface ClassIndex {
  readonly name: string
  /** Names of files, with a line feed behind each. */
  readonly files: string
}

/**
 * A folder with a folder of JPEG or PNG files for each class. Files are read and decoded as they are asked for, in
 * worker threads, and kept in memory while there is room. What lies in the folders is listed once and remembered in the user's cache, until a folder changes.
 *
 * @throws Error if there is no folder or no image in it, and on reading if a file cannot be decoded
 */
export async function imageFolder(path: string, options: ImageFolderOptions): Promise<Dataset> {
  const folders = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`imageFolder: expected a folder at ${path}, but it cannot be read.`, { cause: error })
  })
  const classes = folders.filter(entry => entry.isDirectory()).map(({ name }) => name).sort()
  const changed = await Promise.all(classes.map(async name => `${name} ${(await stat(join(path, name))).mtimeMs}`))
  const state = createHash('sha256').update(changed.join('\n')).digest('hex')
  const listed = await cachedIndex(resolve(path), state, () => Promise.all(classes.map(async (name): Promise<ClassIndex> => ({
    name, files: (await readdir(join(path, name))).filter(file => /\.(jpe?g|png)$/i.test(file) && !file.includes('\n')).sort().map(file => `${file}\n`).join('')
  }))))
  const places = placesOf(listed)
  if (places.labels.length === 0) {
    throw new Error(`imageFolder: expected ${path}/<class>/<image>.jpg or .png, got no image in ${classes.length} folders.`)
  }
  const fileOf = (i: number): string => {
    const { name, files } = listed[places.labels[i]!]!
    return join(path, name, files.slice(places.starts[i], files.indexOf('\n', places.starts[i])))
  }
  const pixelsOf = (example: number): Promise<Uint8Array> => decode(fileOf(example), options.length).catch((error: unknown) => {
    throw new Error(`imageFolder: expected ${fileOf(example)} to be an image, but it is damaged or cut short. Remove it or replace it.`, { cause: error })
  })
  return decoded({ name: path, classes, labels: places.labels, pixelsOf }, options)
}

/** The class of each file, and where its name starts. */
function placesOf(classes: readonly ClassIndex[]): { readonly labels: Int32Array; readonly starts: Uint32Array } {
  const size = classes.reduce((sum, { files }) => sum + (files.match(/\n/g)?.length ?? 0), 0)
  const [labels, starts] = [new Int32Array(size), new Uint32Array(size)]
  let i = 0
  classes.forEach(({ files }, label) => {
    for (let start = 0; start < files.length; start = files.indexOf('\n', start) + 1) {
      labels[i] = label
      starts[i++] = start
    }
  })
  return { labels, starts }
}
