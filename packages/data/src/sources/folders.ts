import { checkGiven, checkOptions } from '@lapstrake/core'
import { openPartOfFolder, openWebDataset, shardsIn } from '#openers'
import { checkDecoded, decodedKinds, type DecodedOptions } from '../datasets/decoded-options.ts'
import type { ImageDataset } from '../datasets/images.ts'
import { spread } from '../datasets/spread.ts'
import { dataOf, type Data, type OpenOptions, type Split } from './data.ts'

/** How the images of a folder are read, and what its parts are called. */
export interface ImageFolderOptions extends DecodedOptions {
  /** The folder within with what is learned from: `train`. */
  readonly train?: string | undefined
  /** The folder within with what is tested with: `test`. */
  readonly test?: string | undefined
  /** Only so many training examples: the first of each class, then the second of each, and so on. */
  readonly limit?: number | undefined
}

/**
 * A folder of images: `photos/train/<class>/<image>.jpg`, and the same in `photos/test`, whose classes are numbered as
 * those to train with; or all images of a part in one folder, without classes. A folder with no such parts in it is
 * itself what is learned from, and has nothing to test with. `openImageFolder` tells what counts as an image.
 *
 * Files are read and decoded as they are asked for, in worker threads, and kept in memory while there is room. There
 * are no folders in a page, which says so.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a limit that is none above 0
 * @throws TypeError for what is none of the options
 */
export function imageFolder(path: string, options: ImageFolderOptions): Data<ImageDataset> {
  checkOptions('imageFolder', options, { ...decodedKinds, train: 'string', test: 'string', limit: 'number' })
  checkDecoded('imageFolder', options)
  checkGiven('imageFolder', "the path of a folder, as in 'photos'", path, 'string')
  const { train, test, limit, ...decoding } = options
  const part =
    (split: Split) =>
    async ({ limit, onWarning }: OpenOptions): Promise<ImageDataset> =>
      spread(await openPartOfFolder(path, split, { train, test, onWarning, ...decoding }), limit)
  return dataOf({ name: path, limit, train: part('train'), test: part('test') })
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
 * `test` of a folder, or lists of them for each part. Any example may be read at any time; where they lie is listed
 * once and remembered in the user's cache. There are no folders in a page, which says so.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a limit that is none above 0
 * @throws TypeError for what is none of the options
 */
export function webDataset(
  where: string | Readonly<Record<Split, Shards>>,
  options: WebDatasetOptions
): Data<ImageDataset> {
  checkOptions('webDataset', options, { ...decodedKinds, classes: 'list', limit: 'number' })
  checkDecoded('webDataset', options)
  checkGiven('webDataset', 'a folder, or shards as { train, test }', where, ['string', 'record'])
  for (const split of ['train', 'test'] as const) {
    if (typeof where !== 'string')
      checkGiven('webDataset', `shards of ${split}, as in { train, test }`, where[split], ['string', 'list'])
  }
  const { limit, ...reading } = options
  const part =
    (split: Split) =>
    async ({ onProgress, signal }: OpenOptions): Promise<ImageDataset> => {
      const opening = { ...reading, onProgress, signal }
      if (typeof where !== 'string') return openWebDataset(where[split], opening)
      const { shards, leftOut } = await shardsIn(`${where}/${split}`)
      const dataset = await openWebDataset(shards, opening)
      return { ...dataset, leftOut: [...leftOut, ...(dataset.leftOut ?? [])] }
    }
  return dataOf({
    name: typeof where === 'string' ? where : ([where.train].flat()[0] ?? 'webDataset'),
    limit,
    train: part('train'),
    test: part('test')
  })
}
