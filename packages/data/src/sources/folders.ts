import { openImageFolder, openWebDataset, shardsIn } from '#openers'
import { checkDecoded, type DecodedOptions } from '../datasets/decoded-options.ts'
import type { ImageDataset } from '../datasets/images.ts'
import { dataOf, type Data, type OpenOptions, type Split } from './data.ts'

/** How the images of a folder are read, and what its parts are called. */
export interface ImageFolderOptions extends DecodedOptions {
  /** The folder within with what is learned from: `train`. */
  readonly train?: string | undefined
  /** The folder within with what is tested with: `test`. */
  readonly test?: string | undefined
  /** Only the first so many training examples. */
  readonly limit?: number | undefined
}

/**
 * A folder of images: `photos/train/<class>/<image>.jpg` or `.png`, and the same in `photos/test`. Files are read and
 * decoded as they are asked for, in worker threads, and kept in memory while there is room. There are no folders in a
 * page, which says so.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a limit that is none above 0
 */
export function imageFolder(
  path: string,
  { train = 'train', test = 'test', limit, ...decoding }: ImageFolderOptions
): Data<ImageDataset> {
  checkDecoded('imageFolder', decoding)
  const within = (part: string) => () => openImageFolder(`${path}/${part}`, decoding)
  return dataOf({ name: path, limit, train: within(train), test: within(test) })
}

/** How the images in tar archives are read. */
export interface WebDatasetOptions extends DecodedOptions {
  /** Names of the classes, in the order of their numbers; numbers when left out. */
  readonly classes?: readonly string[] | undefined
  /** Only the first so many training examples. */
  readonly limit?: number | undefined
}

/** Paths of tar archives, or one with a range such as `train-{000..099}.tar`. */
export type Shards = string | readonly string[]

/**
 * Tar archives as WebDataset has them (https://github.com/webdataset/webdataset): those in the folders `train` and
 * `test` of a folder, or lists of them for each part. Any example may be read at any time; where they lie is listed once
 * and remembered in the user's cache. There are no folders in a page, which says so.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a limit that is none above 0
 */
export function webDataset(
  where: string | Readonly<Record<Split, Shards>>,
  { limit, ...reading }: WebDatasetOptions
): Data<ImageDataset> {
  checkDecoded('webDataset', reading)
  const part =
    (split: Split) =>
    async ({ onProgress }: OpenOptions): Promise<ImageDataset> =>
      openWebDataset(typeof where === 'string' ? await shardsIn(`${where}/${split}`) : where[split], {
        ...reading,
        onProgress
      })
  return dataOf({
    name: typeof where === 'string' ? where : [where.train].flat()[0]!,
    limit,
    train: part('train'),
    test: part('test')
  })
}
