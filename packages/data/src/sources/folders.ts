import { checkGiven, checkOptions } from '@lapstrake/core'
import { openPartOfFolder, openWebDataset, placed, shardsIn } from '#openers'
import { checkDecoded, decodedKinds, type DecodedOptions } from '../datasets/decoded-options.ts'
import type { ImageDataset } from '../datasets/images.ts'
import { spread } from '../datasets/spread.ts'
import { checkPart } from './hold-out.ts'
import { dataOf, type Data, type OpenOptions, type Split } from './data.ts'

/** How the images of a folder are read, what they show, and what its parts are called. */
export interface ImageFolderOptions extends Omit<DecodedOptions, 'size'> {
  /** Height and width that every image is brought to: scaled to cover, then cut from the middle. 32 when left out. */
  readonly size?: number | undefined
  /** The folder within with what is learned from: `train`. */
  readonly train?: string | undefined
  /** The folder within with what is tested with: `test`. */
  readonly test?: string | undefined
  /**
   * A table of labels, CSV with a header of `file` and `label` or JSON, in the folder or where its path leads, that
   * names files by their paths from the folder; `labels.csv` or `labels.json` in the folder when left out, where there
   * is one. False for images without labels, whatever lies there.
   */
  readonly labels?: string | false | undefined
  /** Which part is held out to test with where no folder is: 0.1; 0 for none. */
  readonly holdOut?: number | undefined
  /** Only so many training examples: the first of each class, then the second of each, and so on. */
  readonly limit?: number | undefined
}

/**
 * A folder of photographs, as people have them:
 *
 * - `photos/train/<class>/<image>.jpg`, and the same in `photos/test`, whose classes are numbered as those to
 *   train with
 * - `photos/<class>/<image>.jpg`
 * - all images in one folder, or in folders within, that have labels in a table beside them, or none.
 *
 * Where there is no `test` and nothing beside `train` that it may be, a part is held out: of each class a tenth, at
 * least one of two, chosen by the paths of files from the folder, so that it is the same each time and on every
 * machine. What was found, and how many are held out, is told when the part to train with is opened. `openImageFolder`
 * tells what counts as an image.
 *
 * Files are read and decoded as they are asked for, in worker threads, and kept in memory while there is room. There
 * are no folders in a page, which says so: `imageFiles` takes files.
 *
 * @throws RangeError for a size that is no whole number from 1 to 8192, a limit that is none above 0, or a part to hold
 * out that is none
 * @throws TypeError for what is none of the options
 */
export function imageFolder(path: string, options: ImageFolderOptions = {}): Data<ImageDataset> {
  checkOptions<ImageFolderOptions>('imageFolder', options, {
    ...decodedKinds,
    train: 'string',
    test: 'string',
    labels: ['string', 'boolean'],
    holdOut: 'number',
    limit: 'number'
  })
  const { train, test, labels, holdOut, limit, size = usualSize, ...rest } = options
  const decoding = { size, ...rest }
  checkDecoded('imageFolder', decoding)
  if (holdOut !== undefined) checkPart('imageFolder', 'holdOut', holdOut)
  if ((labels as unknown) === true)
    throw new TypeError(
      "imageFolder: expected labels to be the path of a table, as in 'labels.csv', or false, got true. Leave it out " +
        'where folders are classes.'
    )
  checkGiven('imageFolder', "the path of a folder, as in 'photos'", path, 'string')
  const part =
    (split: Split) =>
    async ({ limit, onWarning, from }: OpenOptions): Promise<ImageDataset> => {
      const options = { train, test, labels, holdOut, onWarning, ...decoding }
      return spread(await openPartOfFolder(placed(path, from), split, options), limit)
    }
  return dataOf({ name: path, limit, train: part('train'), test: part('test') })
}

/** Height and width of images where nobody says. */
const usualSize = 32

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
    async ({ onProgress, signal, from }: OpenOptions): Promise<ImageDataset> => {
      const opening = { ...reading, onProgress, signal }
      if (typeof where !== 'string') return openWebDataset(placedShards(where[split], from), opening)
      const { shards, leftOut } = await shardsIn(`${placed(where, from)}/${split}`)
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

const placedShards = (shards: Shards, from: string | undefined): Shards =>
  typeof shards === 'string' ? placed(shards, from) : shards.map(shard => placed(shard, from))
