import type { Skipped } from '@lapstrake/data/sorted-files'
import { isImageDataset, NotServed, type Data, type Dataset, type ImageDataset, type OpenOptions } from 'lapstrake'
import type { DataChoice } from '../protocol.ts'
import { holdOut } from './hold-out.ts'
import { drawn, otherData } from './other-data.ts'
import { openFiles } from './own-files.ts'

/** Images to learn from, and others to look at the network with. */
export interface OpenData {
  readonly training: ImageDataset
  readonly held: ImageDataset
  readonly skipped: readonly Skipped[]
}

export interface OpenDataOptions {
  readonly onProgress: (what: string, done: number, total: number | undefined) => void
  readonly onWarning: (message: string) => void
}

/** Images that a network is looked at with, at most. */
const looks = 1000

/** Where the site keeps its data. */
export const addressOfData: string = `${import.meta.env.BASE_URL}data/`

/**
 * Opens the data of a run: the recipe's own or what its reader chose.
 *
 * @throws Error if it cannot be had, is damaged, or holds no image
 */
export async function openData(
  choice: DataChoice,
  own: Data | undefined,
  { onProgress, onWarning }: OpenDataOptions
): Promise<OpenData> {
  if (choice.kind === 'files') {
    const { dataset, skipped } = await openFiles(choice.files, (done, total) =>
      onProgress('Decoding images', done, total)
    )
    return { ...holdOut(dataset), skipped }
  }
  const options: OpenOptions = {
    address: addressOfData,
    onProgress: ({ what, done, total }) => onProgress(`Fetching ${what}`, done, total),
    onWarning
  }
  if (choice.kind === 'other') return open(otherData[choice.place]!.data, options)
  if (own === undefined) return open(drawn, options)
  return orDrawn(own, options)
}

/** Opens data, or drawn shapes where the site does not serve them; that is said. */
export async function orDrawn(data: Data, options: OpenOptions): Promise<OpenData> {
  try {
    return await open(data, options)
  } catch (error) {
    if (!(error instanceof NotServed)) throw error
    options.onWarning?.(`This site does not serve ${data.name}: the run learns from drawn shapes.`)
    return open(drawn, options)
  }
}

async function open(data: Data, options: OpenOptions): Promise<OpenData> {
  return {
    training: images(await data.open('train', options)),
    held: images(await data.open('test', { ...options, limit: looks, onWarning: undefined })),
    skipped: []
  }
}

function images(dataset: Dataset): ImageDataset {
  if (isImageDataset(dataset)) return dataset
  throw new Error(`data: expected images, got ${dataset.name}. This page shows images alone: train others in Node.`)
}
