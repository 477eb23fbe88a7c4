import { decode } from './decode.ts'
import type { DecodedOptions } from './decoded-options.ts'
import type { ImageDataset } from './images.ts'
import { pictures, type PicturesSource } from './pictures.ts'

/** What a data set of compressed images has to say of itself. */
export interface DecodedSource extends Omit<PicturesSource, 'pixelsOf'> {
  /** An image as it lies on the disk. */
  readonly bytesOf: (example: number) => Promise<Uint8Array<ArrayBuffer>>
}

/** A data set whose images are decoded in worker threads, as they are asked for. */
export function decoded({ bytesOf, ...source }: DecodedSource, options: DecodedOptions): ImageDataset {
  const { size: length, background } = options
  return pictures({ ...source, pixelsOf: example => decode(() => bytesOf(example), { length, background }) }, options)
}
