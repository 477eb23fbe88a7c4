import { readWholeFile } from '@lapstrake/files/node'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { ImageDataset } from './images.ts'
import type { OpenOptions, Split } from '../sources/data.ts'
import { dataFolders, download, findFile } from './download.ts'
import { fromIdx } from './idx.ts'

interface Source {
  readonly name: string
  readonly folder: string
  readonly address: string
  readonly classes: readonly string[]
  /** MD5 of the images and of the labels, as the publishers give them. */
  readonly md5: Readonly<Record<Split, readonly [images: string, labels: string]>>
}

/** @throws Error if a file is missing and cannot be had, damaged, or cut short */
export const openFashionMnist = (split: Split, options: OpenOptions = {}): Promise<ImageDataset> =>
  load(
    {
      name: 'Fashion-MNIST',
      folder: 'fashion-mnist',
      address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
      classes: ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
      md5: {
        train: ['8d4fb7e6c68d591d4c3dfef9ec88bf0d', '25c81989df183df01b3e8a0aad5dffbe'],
        test: ['bef4ecab320f06d8554ea6380940ec79', 'bb300cfdad3c16e7a12a480ee83cd310']
      }
    },
    split,
    options
  )

/** @throws Error if a file is missing and cannot be had, damaged, or cut short */
export const openMnist = (split: Split, options: OpenOptions = {}): Promise<ImageDataset> =>
  load(
    {
      name: 'MNIST',
      folder: 'mnist',
      address: 'https://ossci-datasets.s3.amazonaws.com/mnist/',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      md5: {
        train: ['f68b3c2dcbeaaa9fbdd348bbdeb94873', 'd53e105ee54ea40749a09fcbcd1e9432'],
        test: ['9fb629c4189551a2d022fa330f9573f3', 'ec29112dd5afa0611ce80d1b7f02629c']
      }
    },
    split,
    options
  )

async function load(
  { name, folder, address, classes, md5 }: Source,
  split: Split,
  { onProgress, signal }: OpenOptions
): Promise<ImageDataset> {
  const part = split === 'train' ? 'train' : 't10k'
  const fetched = async (file: string, checksum: string): Promise<Uint8Array> => {
    const found = await findFile(join(folder, file))
    if (found !== undefined) {
      const bytes = await readWholeFile(found)
      const md5 = createHash('md5').update(bytes).digest('hex')
      if (md5 === checksum) return gunzipped(found, bytes)
      throw new Error(
        `${name}: expected ${found} to have the MD5 ${checksum}, got ${md5}: it is damaged or cut short. Delete it, ` +
          'and it is fetched again.'
      )
    }
    const path = join(dataFolders().at(-1)!, folder, file)
    await download({ url: address + file, md5: checksum, path, onProgress, signal })
    return gunzipped(path, await readWholeFile(path))
  }
  const [imagesMd5, labelsMd5] = md5[split]
  const images = await fetched(`${part}-images-idx3-ubyte.gz`, imagesMd5)
  return fromIdx({
    name,
    what: `${name} ${split}`,
    classes,
    images,
    labels: await fetched(`${part}-labels-idx1-ubyte.gz`, labelsMd5)
  })
}

async function gunzipped(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes)
  } catch (error) {
    throw new Error(
      `${path}: expected a gzip file, but it is damaged or cut short. Delete it, and it is fetched again.`,
      { cause: error }
    )
  }
}
