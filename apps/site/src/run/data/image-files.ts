import { unzip, type Unzipped } from 'fflate'

/** A file that could not be used, and why. */
export interface Skipped {
  readonly path: string
  readonly reason: string
}

/** Kinds of images that browsers read, by the ending of a file's name. */
const kinds: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  bmp: 'image/bmp',
  avif: 'image/avif'
}

export const imageEndings: readonly string[] = Object.keys(kinds)

const endingOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
export const isImage = (path: string): boolean => endingOf(path) in kinds
export const isZip = (path: string): boolean => endingOf(path) === 'zip'

/** What systems leave in folders and zips without being asked. */
export const isUnasked = (path: string): boolean =>
  path.split('/').some(part => part.startsWith('.') || part === '__MACOSX' || /^(thumbs\.db|desktop\.ini)$/i.test(part))

/** The folder that a file lies in, which is an image's class; nothing for a file in none. */
export const folderOf = (path: string): string | undefined => path.split('/').at(-2)

/**
 * The files in a zip, by their paths.
 *
 * @throws Error if it is no zip, or one that is cut off
 */
export async function filesOfZip(zip: Blob): Promise<readonly { readonly path: string; readonly file: File }[]> {
  const bytes = new Uint8Array(await zip.arrayBuffer())
  const entries = await new Promise<Unzipped>((resolve, reject) =>
    unzip(bytes, { filter: ({ name }) => !name.endsWith('/') && !isUnasked(name) }, (error, found) => {
      if (error) reject(error)
      else resolve(found)
    })
  )
  return Object.entries(entries).map(([path, content]) => ({
    path,
    file: new File([content as Uint8Array<ArrayBuffer>], path.split('/').at(-1)!, { type: kinds[endingOf(path)] ?? '' })
  }))
}
