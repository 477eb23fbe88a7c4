import { fileURLToPath } from 'node:url'
import { decode } from '../datasets/decode.ts'
import { FileFault } from '../datasets/file-fault.ts'
import { bytesOf } from '../datasets/open-file.ts'
import { fetchBytes } from './fetch-bytes.ts'
import type { Picture, PictureOptions } from './picture.ts'

/** The bytes of a file, by its path or its address. */
export async function bytesAt(place: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const isAddress = /^(https?|data|blob|file):/i.test(String(place))
  if (!isAddress) return bytesOf(String(place))
  const url = new URL(place)
  return url.protocol === 'file:' ? bytesOf(fileURLToPath(url)) : fetchBytes(url)
}

/** Red, green and blue of a picture, as `imageFolder` reads them. */
export async function rgbOf(picture: Picture, options: PictureOptions): Promise<Uint8Array> {
  const { height, width, background } = options
  const how = { length: [height, width], background } as const
  // The bytes go to a thread: the caller's stay. A slice of a Buffer would be no copy.
  if ('file' in picture) return decode(async () => Uint8Array.from(picture.file), how)
  if ('drawn' in picture) throw new FileFault('it can be drawn in a page only')
  const { data, ...raw } = picture.pixels
  return decode(async () => Uint8Array.from(data), { ...how, raw })
}
