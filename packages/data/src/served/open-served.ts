import { checkGiven } from '@lapstrake/core'
import type { ImageDataset } from '../datasets/images.ts'
import { inMemory } from '../datasets/in-memory.ts'
import type { OpenOptions, OpenProgress, Split } from '../sources/data.ts'
import { fetchFile } from './fetch-file.ts'

/** A part of a data set that a site serves: its first examples, `perFile` of them in each file. */
export interface ServedPart {
  readonly examples: number
  /** All that there are elsewhere. */
  readonly of: number
  /** Bytes of each file as it is fetched. */
  readonly bytes: readonly number[]
}

/** A data set that a site serves, as its `index.json` describes it. */
export interface ServedSet extends Readonly<Record<Split, ServedPart>> {
  readonly name: string
  readonly licence: string
  readonly source: string
  readonly classes: readonly string[]
  readonly shape: ImageDataset['shape']
  readonly perFile: number
}

/**
 * What a site serves, by the names of the data: the index of the folder `address`. A data set `mnist` lies beside it in
 * `mnist/train-0.gzip`, `mnist/train-1.gzip`, …, each a byte of label for every example, then their pixels. Nothing
 * where the index cannot be read.
 *
 * @throws TypeError for what is no address, and without one where there is no page
 */
export async function servedSets(
  address: string = usualAddress('servedSets')
): Promise<Readonly<Partial<Record<string, ServedSet>>>> {
  checkGiven('servedSets', "the address of a folder, as in '/data/'", address, 'string')
  try {
    return (await (await fetch(`${address}index.json`)).json()) as Record<string, ServedSet>
  } catch {
    return {}
  }
}

/** Data that a page asks a site for, and the site does not serve. */
export class NotServed extends Error {
  override readonly name = 'NotServed'

  constructor(data: string, address: string) {
    super(
      `${data}: expected it among what ${address}index.json names, and it is not there. ` +
        'Choose other data, or have the site serve it.'
    )
  }
}

/**
 * Bytes that are fetched for the first so many examples of a part.
 *
 * @throws TypeError for what no index describes, and a part that it has not
 */
export function bytesToFetch(set: ServedSet, split: Split, limit: number = Infinity): number {
  checkGiven('bytesToFetch', 'a data set, as servedSets() gives', set, 'record')
  checkGiven('bytesToFetch', "a part of it, as in 'train'", split, 'string')
  checkGiven('bytesToFetch', 'how many examples', limit, 'number')
  checkGiven('bytesToFetch', `a data set with a part ${split}`, set[split], 'record')
  return set[split].bytes.slice(0, Math.ceil(limit / set.perFile)).reduce((sum, bytes) => sum + bytes, 0)
}

/** Opens what a site serves: as many files as hold the examples that are asked for. */
export const served =
  (folder: string) =>
  async (split: Split, options: OpenOptions = {}): Promise<ImageDataset> => {
    const {
      address = usualAddress(folder),
      limit = Infinity,
      onProgress = () => {},
      onWarning = () => {},
      signal
    } = options
    const set = (await servedSets(address))[folder]
    signal?.throwIfAborted()
    if (set === undefined) throw new NotServed(folder, address)
    const { name, classes, shape, perFile } = set
    const { examples, of } = set[split]
    if (examples < Math.min(limit, of))
      onWarning(`This site serves the first ${examples} of ${of} examples of ${name}: the run uses those.`)
    const count = Math.min(limit, examples)
    const total = bytesToFetch(set, split, limit)
    const [images, labels] = [new Uint8Array(count * size(shape)), new Int32Array(count)]
    for (let first = 0, before = 0; first < count; first += perFile) {
      const place = first / perFile
      const told = (received: number): void =>
        onProgress({ what: name, done: before + received, total, unit: 'bytes' } satisfies OpenProgress)
      const url = `${address}${folder}/${split}-${place}.gzip`
      const bytes = await fetchFile(url, { keep: true, onProgress: told, signal })
      before += set[split].bytes[place]!
      const held = Math.min(perFile, examples - first)
      const wanted = Math.min(held, count - first)
      if (bytes.length !== held * (1 + size(shape))) {
        throw new Error(
          `${folder}: expected ${url} to hold ${held} examples, ${held * (1 + size(shape))} bytes, ` +
            `got ${bytes.length}. Build the site again.`
        )
      }
      labels.set(bytes.subarray(0, wanted), first)
      images.set(bytes.subarray(held, held + wanted * size(shape)), first * size(shape))
    }
    return inMemory({ name, classes, shape, images, labels })
  }

const size = (shape: ImageDataset['shape']): number => shape[0] * shape[1] * shape[2]

/** The folder `data` beside the page; a worker knows only the site. */
function usualAddress(who: string): string {
  const page = globalThis.document?.baseURI ?? (globalThis.location as Location | undefined)?.href
  if (page === undefined)
    throw new TypeError(`${who}: expected a page, or an address, as in 'https://example.org/data/', got neither.`)
  return new URL('data/', globalThis.document === undefined ? new URL('/', page) : page).href
}
