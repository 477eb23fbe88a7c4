import { readdir } from 'node:fs/promises'
import {
  didYouMean,
  cifar10,
  cifar100,
  dataOf,
  fashionMnist,
  imageFolder,
  mnist,
  shapes,
  webDataset,
  type Data,
  type ImageDataset,
  type OpenProgress
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

/**
 * The data that `--data` names, or a folder with `train` and `test` in it: folders of images in class folders, or of
 * WebDataset's tar archives.
 *
 * @throws Error for a name that is none of them, and no path
 */
export function dataByName(name: string): Data<ImageDataset> {
  if (Object.hasOwn(table, name)) return table[name]!
  if (/[/\\.]/.test(name)) return imagesOrShards(name)
  throw new Error(
    `data: expected one of ${dataNames.join(', ')}, or the path of a folder of images such as ./photos, ` +
      `got ${name}.${didYouMean(name, dataNames)}`
  )
}

/** What lies in the folder decides how it is read, and nobody looks before it is opened. */
function imagesOrShards(path: string): Data<ImageDataset> {
  const [images, shards] = [imageFolder(path, { size: 32 }), webDataset(path, { size: 32 })]
  const holdsShards = async (part: string): Promise<boolean> =>
    (await readdir(`${path}/${part}`).catch(() => [])).some(file => file.endsWith('.tar'))
  return dataOf({
    name: path,
    train: async options => ((await holdsShards('train')) ? shards : images).open('train', options),
    test: async options => ((await holdsShards('test')) ? shards : images).open('test', options)
  })
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
