import { unzip, type Unzipped } from 'fflate'

/** Kinds of images, by the ending of a file's name: a page whose file comes out of a zip knows no other. */
const kinds: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  jfif: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  bmp: 'image/bmp',
  avif: 'image/avif'
}

const endingOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
export const isZip = (path: string): boolean => endingOf(path) === 'zip'

/**
 * The files in a zip, by their paths.
 *
 * @throws Error if it is no zip, or one that is cut off
 */
export async function filesOfZip(zip: Blob): Promise<readonly { readonly path: string; readonly file: File }[]> {
  const bytes = new Uint8Array(await zip.arrayBuffer())
  const entries = await new Promise<Unzipped>((resolve, reject) =>
    unzip(bytes, { filter: ({ name }) => !name.endsWith('/') }, (error, found) => {
      if (error) reject(error)
      else resolve(found)
    })
  )
  return Object.entries(entries).map(([path, content]) => ({
    path,
    file: new File([content as Uint8Array<ArrayBuffer>], path.split('/').at(-1)!, { type: kinds[endingOf(path)] ?? '' })
  }))
}
