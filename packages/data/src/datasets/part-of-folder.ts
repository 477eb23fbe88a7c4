import { readdir, stat } from 'node:fs/promises'
import type { OpenOptions, Split } from '../sources/data.ts'
import { LacksPart } from '../sources/lacks-part.ts'
import type { DecodedOptions } from './decoded-options.ts'
import { openImageFolder } from './image-folder.ts'
import type { ImageDataset } from './images.ts'
import { isHidden } from '../left-out.ts'

/** What the parts of a folder are called, where not `train` and `test`, and how images are read. */
interface PartOptions extends DecodedOptions, Pick<OpenOptions, 'onWarning'> {
  readonly train?: string | undefined
  readonly test?: string | undefined
}

/**
 * A part of a folder of images. Classes to test with are numbered as those to train with; a folder without parts is
 * what is learned from.
 *
 * @throws LacksPart if the folder is there and has nothing to test with in it
 * @throws Error if there is no such part, and as {@link openImageFolder} does
 */
export async function openPartOfFolder(
  path: string,
  split: Split,
  { train, test, onWarning, ...decoding }: PartOptions
): Promise<ImageDataset> {
  const [training, testing] = [`${path}/${train ?? 'train'}`, `${path}/${test ?? 'test'}`]
  const hasTraining = await isFolder(training)
  if (split === 'train') {
    const isWhole = !hasTraining && train === undefined && !(await isFolder(testing))
    return openImageFolder(isWhole ? await withoutParts(path, training) : training, decoding)
  }
  if ((await isFolder(path)) && !(await isFolder(testing))) {
    throw new LacksPart(
      `imageFolder: expected images to test with in ${testing}, but there is no such folder. Make it, with a folder ` +
        'for each class as to train with, or say what it is called: test.'
    )
  }
  if (!hasTraining) {
    if (await isFolder(testing))
      onWarning?.(`${testing}: classes are numbered without those of ${training}, which is not there.`)
    return openImageFolder(testing, decoding)
  }
  const { classes } = await openImageFolder(training, decoding)
  return openImageFolder(testing, classes.length === 0 ? decoding : { ...decoding, classes })
}

/** The folder itself, unless what lies in it are parts by other names. */
async function withoutParts(path: string, training: string): Promise<string> {
  const within = await readdir(path).catch(() => [])
  const parts = within.filter(name => /^(train(ing)?|test(ing)?|val|valid|validation|dev|eval)$/i.test(name))
  if (parts.length === 0) return within.some(name => !isHidden(name)) ? path : training
  throw new Error(
    `imageFolder: expected a folder at ${training}, got ${parts.join(', ')} in ${path}. ` +
      `Say which is which: imageFolder('${path}', { size, train: '${parts[0]}', test: '…' }).`
  )
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false
  )
