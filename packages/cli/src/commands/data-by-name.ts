import { readdir } from 'node:fs/promises'
import {
  didYouMean,
  cifar10,
  cifar100,
  fashionMnist,
  imageFolder,
  mnist,
  shapes,
  webDataset,
  type Data,
  type ImageDataset,
  type OpenProgress,
  type Split
} from 'lapstrake'

/** Data that the command line knows by name; anything else is a folder of images. */
const table: Readonly<Record<string, Data<ImageDataset>>> = {
  shapes: shapes(),
  'fashion-mnist': fashionMnist(),
  mnist: mnist(),
  cifar10: cifar10(),
  cifar100: cifar100()
}

export const dataNames: readonly string[] = Object.keys(table)

/** What is learned from where nobody says what. */
export const usualData: Data<ImageDataset> = table.shapes!

/** Height and width that images of a folder are brought to, where `--size` does not say. */
export const usualSize = 32

/**
 * The data that `--data` names, or a folder with `train` and `test` in it: folders of images in class folders, or of
 * WebDataset's tar archives.
 *
 * @param size of the images of a folder; others have their own
 * @throws Error for a name that is none of them, and no path, and for a size where there is no folder
 */
export function dataByName(name: string, size?: number): Data<ImageDataset> {
  if (Object.hasOwn(table, name)) {
    refuseSize(size, name)
    return table[name]!
  }
  if (/[/\\.]/.test(name)) return imagesOrShards(name, size ?? usualSize)
  throw new Error(
    `data: expected one of ${dataNames.join(', ')}, or the path of a folder of images such as ./photos, ` +
      `got ${name}.${didYouMean(name, dataNames)}`
  )
}

/** Images of data that are no folder are as large as they are. */
export function refuseSize(size: number | undefined, name: string): void {
  if (size === undefined) return
  throw new Error(
    `data: expected --size beside a folder of images, as in --data ./photos --size 64, got it beside ${name}. ` +
      'Leave it out.'
  )
}

/** What lies in the folder decides how it is read, and nobody looks before it is opened. */
function imagesOrShards(path: string, size: number): Data<ImageDataset> {
  const [images, shards] = [imageFolder(path, { size }), webDataset(path, { size })]
  const within = (part: Split): Promise<readonly string[] | undefined> =>
    readdir(`${path}/${part}`).catch(() => undefined)
  /** Of a part that is not there, the other one says what it would be. */
  const holdsShards = async (part: Split): Promise<boolean> =>
    ((await within(part)) ?? (await within('train')) ?? []).some(file => file.endsWith('.tar'))
  return {
    name: path,
    open: async (split, options) => ((await holdsShards(split)) ? shards : images).open(split, options)
  }
}

/** Shows how far the opening of data is, in a terminal. */
export function onProgress({ what, done, total, unit }: OpenProgress): void {
  if (!process.stderr.isTTY || (unit === 'files' && total === 1)) return
  const inUnits = (count: number): string => (unit === 'bytes' ? (count / 1e6).toFixed(1) : String(count))
  const part = total === undefined ? '' : ` of ${inUnits(total)}`
  process.stderr.write(
    `\r${what}: ${inUnits(done)}${part}${unit === 'bytes' ? ' MB' : ''}${done === total ? '\n' : ''}`
  )
}
