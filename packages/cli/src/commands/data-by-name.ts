import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  didYouMean,
  cifar10,
  cifar100,
  fashionMnist,
  imageFolder,
  mnist,
  npz,
  shapes,
  webDataset,
  type Data,
  type ImageDataset,
  type OpenProgress,
  type Split
} from 'lapstrake'
import { UsageError } from '../terminal/usage-error.ts'

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

/** What is said of a folder of images beside its path. */
export interface OfFolder {
  /** Height and width that they are brought to. */
  readonly size?: number | undefined
  /** A table of their labels; `none` for images without. */
  readonly labels?: string | undefined
}

/**
 * The data that `--data` names: a known name, a file of NumPy's arrays, or a folder of images or of WebDataset's tar
 * archives.
 *
 * @param folder what is said of a folder; of other data it is refused
 * @param size of the images of a folder, where nothing is said
 * @throws UsageError for a name that is none of them, and no path, and for what is of a folder where there is none
 */
export function dataByName(name: string, folder: OfFolder = {}, size: number = usualSize): Data<ImageDataset> {
  const isArrays = /\.npz$/i.test(name)
  if (Object.hasOwn(table, name) || isArrays) {
    refuseOfFolder(folder, name)
    return isArrays ? npz(name) : table[name]!
  }
  if (isPath(name)) return imagesOrShards(name, { ...folder, size: folder.size ?? size })
  throw new UsageError(
    `data: expected one of ${dataNames.join(', ')}, or the path of a folder of images such as ./photos, or of a file ` +
      `of arrays such as ./digits.npz, got ${name}.${didYouMean(name, dataNames)}`
  )
}

const isPath = (name: string): boolean => /[/\\.]/.test(name) || existsSync(name)

/** What `--data` names, in words that hold from any folder. */
export const placeOf = (name: string): string => (Object.hasOwn(table, name) || !isPath(name) ? name : resolve(name))

/** What `--labels-from` names, likewise: a table lies in the folder of images, or where its path leads from here. */
export const tableOf = (labels: string, data: string): string =>
  existsSync(resolve(data, labels)) || !existsSync(labels) ? labels : resolve(labels)

/** Images of data that are no folder are as large as they are, and have the labels that they have. */
export function refuseOfFolder({ size, labels }: OfFolder, name: string): void {
  const [option, typed] = size === undefined ? ['--labels-from', 'labels.csv'] : ['--size', '64']
  if (size === undefined && labels === undefined) return
  throw new UsageError(
    `data: expected ${option} beside a folder of images, as in --data ./photos ${option} ${typed}, ` +
      `got it beside ${name}. Leave it out.`
  )
}

/** What lies in the folder decides how it is read, and nobody looks before it is opened. */
function imagesOrShards(path: string, { size, labels }: OfFolder & { readonly size: number }): Data<ImageDataset> {
  const images = imageFolder(path, { size, labels: labels === 'none' ? false : labels })
  const shards = webDataset(path, { size })
  const within = (part: Split): Promise<readonly string[] | undefined> =>
    readdir(`${path}/${part}`).catch(() => undefined)
  /** Of a part that is not there, the other one says what it would be. */
  const holdsShards = async (part: Split): Promise<boolean> =>
    ((await within(part)) ?? (await within('train')) ?? []).some(file => file.endsWith('.tar'))
  return {
    name: path,
    async open(split, options) {
      if (!(await holdsShards(split))) return images.open(split, options)
      refuseOfFolder({ labels }, `the archives in ${path}`)
      return shards.open(split, options)
    }
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
