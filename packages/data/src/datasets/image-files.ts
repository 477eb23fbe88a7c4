import { checkGiven, checkOptions } from '@lapstrake/core'
import { decoded } from './decoded.ts'
import { checkDecoded, decodedKinds, type DecodedOptions } from './decoded-options.ts'
import type { ImageDataset } from './images.ts'
import { bytesOf } from './open-file.ts'

/** How files of images are read. */
export type OpenImageFilesOptions = DecodedOptions

/**
 * A data set of image files that are named one by one, in this order, without classes. They are read and decoded as
 * they are asked for, as those of `openImageFolder` are.
 *
 * @throws RangeError for no file, and for a size that is no whole number from 1 to 8192
 * @throws TypeError for what are no paths or none of the options; and an `UnreadableExample` on reading if a file is
 * gone or cannot be decoded
 */
export function openImageFiles(paths: readonly string[], options: OpenImageFilesOptions): ImageDataset {
  checkOptions<OpenImageFilesOptions>('openImageFiles', options, decodedKinds)
  checkDecoded('openImageFiles', options)
  checkGiven('openImageFiles', "a list of paths, as in ['a.jpg', 'b.png']", paths, 'list')
  for (const path of paths) checkGiven('openImageFiles', "the path of a file, as in 'a.jpg'", path, 'string')
  if (paths.length === 0)
    throw new RangeError('openImageFiles: expected one file or more, got none. Name an image, such as a.jpg.')
  return decoded(
    {
      who: 'openImageFiles',
      name: paths.length === 1 ? paths[0]! : `${paths.length} files`,
      classes: [],
      labels: new Int32Array(paths.length).fill(-1),
      leftOut: [],
      nameOf: i => paths[i]!,
      bytesOf: i => bytesOf(paths[i]!)
    },
    options
  )
}
