import { fashionMnistFrom, shapes, type Dataset } from 'lapstrake'
import type { DataChoice } from '../protocol.ts'
import { fetchFile } from './fetch-file.ts'
import { holdOut } from './hold-out.ts'
import type { Skipped } from './image-files.ts'
import { openFiles } from './own-files.ts'
import { addressOfData, servedData, type ServedName } from './served-data.ts'

/** Images to learn from, and others to look at the network with. */
export interface OpenData {
  readonly training: Dataset
  readonly held: Dataset
  readonly skipped: readonly Skipped[]
}

export interface OpenDataOptions {
  readonly onProgress: (what: string, done: number, total: number) => void
  readonly onWarning: (message: string) => void
}

/**
 * Opens the data of a run.
 *
 * @throws Error if it cannot be had, is damaged, or holds no image
 */
export async function openData(choice: DataChoice, { onProgress, onWarning }: OpenDataOptions): Promise<OpenData> {
  switch (choice.kind) {
    case 'shapes':
      return drawn()
    case 'files': {
      const { dataset, skipped } = await openFiles(choice.files, (done, total) =>
        onProgress('Decoding images', done, total)
      )
      return { ...holdOut(dataset), skipped }
    }
    case 'fashion-mnist': {
      const opened = await served('fashion-mnist', true, onProgress)
      if (opened === undefined)
        throw new Error(
          'data: expected Fashion-MNIST beside the site, but the site was built without it. Choose the drawn shapes.'
        )
      return opened
    }
    case 'sample': {
      const opened = await served('fashion-mnist-sample', false, onProgress)
      if (opened === undefined)
        onWarning('This site was built without its sample of Fashion-MNIST: the run learns from drawn shapes.')
      return opened ?? drawn()
    }
  }
}

/** As `lapstrake train --data shapes --examples 2000` draws them. */
const drawn = (): OpenData => ({
  training: shapes({ count: 2000, seed: 1 }),
  held: shapes({ count: 500, seed: 2 }),
  skipped: []
})

async function served(
  name: ServedName,
  keep: boolean,
  onProgress: OpenDataOptions['onProgress']
): Promise<OpenData | undefined> {
  const there = (await servedData())[name]
  if (there === undefined) return undefined
  const total = there.files.reduce((sum, { bytes }) => sum + bytes, 0)
  let before = 0
  const files: Uint8Array[] = []
  for (const { file, bytes } of there.files) {
    files.push(
      await fetchFile(addressOfData(`${name}/${file}`), {
        keep,
        onProgress: received => onProgress(`Fetching ${there.name}`, before + received, total)
      })
    )
    before += bytes
  }
  const [images, labels, heldImages, heldLabels] = files as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  return { training: fashionMnistFrom(images, labels), held: fashionMnistFrom(heldImages, heldLabels), skipped: [] }
}
