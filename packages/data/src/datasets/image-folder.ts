import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset, Examples } from './dataset.ts'
import { decode } from './decode.ts'

export interface ImageFolderOptions {
  /** Height and width that every image is brought to: scaled to cover, then cut from the middle. */
  readonly length: number
}

/**
 * A folder with a folder of JPEG or PNG files for each class. Files are read and decoded as they are asked for, in
 * worker threads.
 *
 * @throws Error if there is no folder or no image in it, and on reading if a file cannot be decoded
 */
export async function imageFolder(path: string, { length }: ImageFolderOptions): Promise<Dataset> {
  const folders = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`imageFolder: expected a folder at ${path}, but it cannot be read.`, { cause: error })
  })
  const classes = folders.filter(entry => entry.isDirectory()).map(({ name }) => name).sort()
  const files = (await Promise.all(classes.map(async (name, label) =>
    (await readdir(join(path, name))).filter(file => /\.(jpe?g|png)$/i.test(file)).sort()
      .map(file => ({ file: join(path, name, file), label }))))).flat()
  if (files.length === 0) {
    throw new Error(`imageFolder: expected ${path}/<class>/<image>.jpg or .png, got no image in ${classes.length} folders.`)
  }
  const pixelsOf = (file: string): Promise<Uint8Array> => decode(file, length).catch((error: unknown) => {
    throw new Error(`imageFolder: expected ${file} to be an image, but it is damaged or cut short. Remove it or replace it.`, { cause: error })
  })
  return {
    name: path,
    classes,
    shape: [length, length, 3],
    size: files.length,
    labels: Int32Array.from(files, ({ label }) => label),
    async read(indices): Promise<Examples> {
      const chosen = Array.from(indices, i => files[i]!)
      const images = new Uint8Array(chosen.length * length * length * 3)
      await Promise.all(chosen.map(async ({ file }, i) => images.set(await pixelsOf(file), i * length * length * 3)))
      return { images, labels: Int32Array.from(chosen, ({ label }) => label) }
    }
  }
}
