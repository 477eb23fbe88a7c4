import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import type { OpenOptions, Split } from '../sources/data.ts'
import type { ImageDataset } from './images.ts'
import { inMemory } from './in-memory.ts'
import { decode } from './decode.ts'
import { dataFolders, download, findFile } from './download.ts'
import { openFile } from './open-file.ts'

const pixels = 32 * 32
const classes10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']

/** @throws Error if a file is missing and cannot be had, damaged, or cut short */
export async function openCifar10(split: Split, options: OpenOptions = {}): Promise<ImageDataset> {
  const { limit, signal } = options
  const binary = await findFile('cifar10/cifar-10-binary.tar.gz')
  const jpeg = await findFile('cifar10/cifar10-jpeg-q75-60k.tar.gz')
  if (binary === undefined && jpeg !== undefined) return fromJpegs(jpeg, split, limit, signal)
  const path =
    binary ?? (await fetched('cifar10', 'cifar-10-binary.tar.gz', 'c32a1d4ab5d03f1284b67883e8d87530', options))
  const wanted = split === 'train' ? /data_batch_\d\.bin$/ : /test_batch\.bin$/
  const records = await entriesOf(path, wanted)
  return fromRecords('CIFAR-10', classes10, records, 1, limit)
}

/** @throws Error if a file is missing and cannot be had, damaged, or cut short */
export async function openCifar100(split: Split, options: OpenOptions = {}): Promise<ImageDataset> {
  const path =
    (await findFile('cifar100/cifar-100-binary.tar.gz')) ??
    (await fetched('cifar100', 'cifar-100-binary.tar.gz', '03b5dce01913d631647c71ecec9e9cb8', options))
  const [names] = await entriesOf(path, /fine_label_names\.txt$/)
  const records = await entriesOf(path, split === 'train' ? /train\.bin$/ : /test\.bin$/)
  return fromRecords('CIFAR-100', new TextDecoder().decode(names!.bytes).trim().split(/\s+/), records, 2, options.limit)
}

async function fetched(
  folder: string,
  file: string,
  md5: string,
  { onProgress, signal }: OpenOptions
): Promise<string> {
  const path = join(dataFolders().at(-1)!, folder, file)
  await download({ url: `https://www.cs.toronto.edu/~kriz/${file}`, md5, path, onProgress, signal })
  return path
}

interface Entry {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The members of a gzipped tar archive whose names match, sorted by name. */
async function entriesOf(path: string, wanted: RegExp): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  const tar = extract()
  const reading = (async () => {
    for await (const entry of tar) {
      if (!wanted.test(entry.header.name)) {
        entry.resume()
        continue
      }
      const chunks: Uint8Array[] = []
      for await (const chunk of entry) chunks.push(chunk as Uint8Array)
      entries.push({ name: entry.header.name, bytes: Buffer.concat(chunks) })
    }
  })()
  try {
    const file = await openFile(path)
    await Promise.all([pipeline(file.createReadStream(), createGunzip(), tar), reading])
  } catch (error) {
    throw new Error(
      `${path}: expected a gzipped tar archive, but it is damaged or cut short. Delete it, and fetch it again.`,
      { cause: error }
    )
  }
  if (entries.length === 0)
    throw new Error(`${path}: expected members that match ${wanted}, got none. Is this the right archive?`)
  return entries.sort((a, b) => a.name.localeCompare(b.name, 'en'))
}

/** CIFAR's own records: label bytes (the last one counts), then the planes of red, green and blue. */
export function fromRecords(
  name: string,
  classes: readonly string[],
  files: readonly Entry[],
  labelBytes: number,
  limit?: number
): ImageDataset {
  const record = labelBytes + 3 * pixels
  for (const file of files) {
    if (file.bytes.length === 0 || file.bytes.length % record !== 0) {
      throw new Error(
        `${name}: expected ${file.name} to hold whole records of ${record} bytes, got ${file.bytes.length} bytes. ` +
          'The file is cut short.'
      )
    }
  }
  const all = Buffer.concat(files.map(({ bytes }) => bytes))
  const count = Math.min(limit ?? Infinity, all.length / record)
  const images = new Uint8Array(count * 3 * pixels)
  const labels = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const start = i * record + labelBytes
    labels[i] = all[start - 1]!
    if (labels[i]! >= classes.length)
      throw new Error(
        `${name}: expected labels below ${classes.length}, got ${labels[i]} in record ${i}. The file is damaged.`
      )
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < 3; c++) images[(i * pixels + p) * 3 + c] = all[start + c * pixels + p]!
  }
  return inMemory({ name, classes, shape: [32, 32, 3], images, labels })
}

/** Members `train/00042_7.jpg`: number and label. Decoded in worker threads. */
async function fromJpegs(
  path: string,
  split: string,
  limit: number | undefined,
  signal: AbortSignal | undefined
): Promise<ImageDataset> {
  const found = (await entriesOf(path, new RegExp(`(^|/)${split}/\\d+_\\d+\\.jpg$`))).slice(0, limit)
  const images = new Uint8Array(found.length * 3 * pixels)
  const labels = Int32Array.from(found, ({ name }) => Number(/_(\d+)\.jpg$/.exec(name)![1]))
  const width = 64
  for (let start = 0; start < found.length; start += width) {
    signal?.throwIfAborted()
    await Promise.all(
      found.slice(start, start + width).map(async ({ name, bytes }, i) => {
        const image = await decode(async () => Uint8Array.from(bytes)).catch((error: unknown) => {
          throw new Error(
            `CIFAR-10: expected ${name} in ${path} to be a JPEG, but it cannot be decoded. Make the archive anew.`,
            { cause: error }
          )
        })
        if (image.length !== 3 * pixels || labels[start + i]! >= classes10.length) {
          throw new Error(
            `CIFAR-10: expected ${name} in ${path} to be 32 × 32 pixels of a class from 0 to 9, and it is not. ` +
              'Make the archive anew.'
          )
        }
        images.set(image, (start + i) * 3 * pixels)
      })
    )
  }
  return inMemory({ name: 'CIFAR-10 (JPEG q75)', classes: classes10, shape: [32, 32, 3], images, labels })
}
