import { checkGiven, checkOptions } from '@lapstrake/core'
import { rgbOf } from '#openers'
import { typed } from '../datasets/collated-by.ts'
import { checkDecoded, decodedKinds, white, type DecodedOptions } from '../datasets/decoded-options.ts'
import type { ImageDataset } from '../datasets/images.ts'
import { pictures } from '../datasets/pictures.ts'
import { sortedFiles, type FileAt } from '../sorted-files.ts'
import { spread } from '../datasets/spread.ts'
import { byNames, checkPart } from './hold-out.ts'
import { dataOf, type Data, type OpenOptions, type Split } from './data.ts'
import { LacksPart } from './lacks-part.ts'

/** How files of images are read, and what they are called together. */
export interface ImageFilesOptions extends Omit<DecodedOptions, 'size'> {
  /** Height and width that every image is brought to: scaled to cover, then cut from the middle. 32 when left out. */
  readonly size?: number | undefined
  /** What to call them in a table: `images` when left out. */
  readonly name?: string | undefined
  /** Which part is held out to test with: 0.1; 0 for none. */
  readonly holdOut?: number | undefined
  /** Only so many training examples: the first of each class, then the second of each, and so on. */
  readonly limit?: number | undefined
}

/**
 * Images in files that are at hand, such as those that somebody chose or dropped in a page: `imageFiles(input.files)`
 * of `<input type="file" multiple webkitdirectory>`. They are decoded by the browser as they are asked for, and never
 * leave it; in Node as `imageFolder` does it.
 *
 * Folders are classes, as those of `imageFolder` are: the uppermost ones in which the paths of files part. Files that
 * lie in one folder have no classes. A part is held out by the paths of files: of each class a tenth, at least one of
 * two. What is no image is left out, and told.
 *
 * @param files as a page gives them, or each with the path that it is to have
 * @throws RangeError for a size that is no whole number from 1 to 8192, and a part to hold out that is none
 * @throws TypeError for what are no files, or none of the options
 * @throws Error when opened, if none of them is an image; and an `UnreadableExample` on reading if one is damaged
 */
export function imageFiles(files: Iterable<File | FileAt>, options: ImageFilesOptions = {}): Data<ImageDataset> {
  checkOptions<ImageFilesOptions>('imageFiles', options, {
    ...decodedKinds,
    name: 'string',
    holdOut: 'number',
    limit: 'number'
  })
  const { size = 32, name = 'images', holdOut = 0.1, limit, background = white, keep } = options
  checkDecoded('imageFiles', { size, background, keep })
  checkPart('imageFiles', 'holdOut', holdOut)
  const given = filesOf(files)
  const part =
    (split: Split) =>
    async ({ limit, onWarning }: OpenOptions): Promise<ImageDataset> => {
      const { images, leftOut } = sortedFiles(given)
      if (images.length === 0)
        throw new Error(
          `${name}: expected images among ${given.length} files, got none${leftOut.length === 0 ? '' : ` and `}` +
            `${leftOut.join('; ')}. Give PNG, JPEG or WebP images, in a folder for each class where there are any.`
        )
      const classes = [...new Set(images.map(image => image.class))]
      const dataset = pictures(
        {
          who: 'imageFiles',
          name,
          leftOut,
          classes: classes.length > 1 ? classes : [],
          labels: Int32Array.from(images, image => (classes.length > 1 ? classes.indexOf(image.class) : -1)),
          nameOf: i => images[i]!.path,
          pixelsOf: async i =>
            rgbOf(
              { file: new Uint8Array(await images[i]!.file.arrayBuffer()) },
              { height: size, width: size, background }
            )
        },
        { size, keep }
      )
      if (holdOut === 0 || dataset.size < 2) {
        if (split === 'train') return spread(dataset, limit)
        throw new LacksPart(
          `imageFiles: expected images to test with, but none of ${name} are held out. Say which part: holdOut: 0.1.`
        )
      }
      const parted = byNames(dataset, holdOut, i => images[i]!.path)
      if (split === 'train')
        onWarning?.(
          `${name}: ${counted(dataset.size)} images ` +
            `${classes.length > 1 ? `in ${classes.length} classes` : 'without labels'}, of which ` +
            `${counted(parted.test.size)} are held out to test with and ${counted(parted.train.size)} are learned from.`
        )
      return spread(parted[split], limit)
    }
  return dataOf({ name, limit, train: part('train'), test: part('test') })
}

const counted = (count: number): string => count.toLocaleString('en')

/** Files with their paths, as a page knows them. */
function filesOf(files: Iterable<File | FileAt>): readonly FileAt[] {
  const isList = typeof (files as Partial<Iterable<File>> | null | undefined)?.[Symbol.iterator] === 'function'
  if (!isList || typeof files === 'string')
    throw new TypeError(
      `imageFiles: expected files, as in input.files or [{ path: 'cat/0.jpg', file }], got ${typed(files)}.`
    )
  return Array.from(files, one => {
    if (one instanceof File) return { path: one.webkitRelativePath || one.name, file: one }
    checkGiven('imageFiles', 'a File, or { path, file }', one, 'record')
    if (typeof one.path === 'string' && (one.file as unknown) instanceof Blob) return one
    throw new TypeError(`imageFiles: expected a File, or { path, file }, got { ${Object.keys(one).join(', ')} }.`)
  })
}
