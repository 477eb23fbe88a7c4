import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { drawShapes, subset, type Dataset } from 'lapstrake'
import { alike } from '@lapstrake/runs/node'
import { cifar10, cifar100, fashionMnist, openImageFolder, mnist, openWebDataset, type DownloadProgress } from 'lapstrake/node'

/** Data sets that the command line knows by name; anything else is a folder of images. */
export const dataNames = ['shapes', 'fashion-mnist', 'mnist', 'cifar10', 'cifar100'] as const

const openers: Readonly<Record<string, (split: 'train' | 'test', limit?: number) => Promise<Dataset>>> = {
  shapes: async (split, limit) =>
    drawShapes(split === 'train' ? { count: limit ?? 4000, seed: 1 } : { count: limit ?? 1000, seed: 2 }),
  'fashion-mnist': split => fashionMnist({ split, onProgress }),
  mnist: split => mnist({ split, onProgress }),
  cifar10: (split, limit) => cifar10({ split, onProgress, limit }),
  cifar100: (split, limit) => cifar100({ split, onProgress, limit })
}

/**
 * Opens a data set by its name, or a folder with `train` and `test` in it: folders of images in class folders, or of
 * WebDataset's tar archives.
 */
export async function dataByName(name: string, split: 'train' | 'test', limit?: number): Promise<Dataset> {
  const open = openers[name]
  if (open === undefined && !/[/\\.]/.test(name)) {
    throw new Error(
      `data: expected one of ${dataNames.join(', ')}, or the path of a folder of images such as ./photos, ` +
        `got ${name}.${alike(name, dataNames)}`
    )
  }
  const dataset = open === undefined ? await fromFolder(join(name, split)) : await open(split, limit)
  return limit !== undefined && limit < dataset.size ? subset(dataset, { count: limit }) : dataset
}

async function fromFolder(path: string): Promise<Dataset> {
  const shards = (await readdir(path).catch(() => []))
    .filter(file => file.endsWith('.tar'))
    .sort()
    .map(file => join(path, file))
  const onProgress = (done: number, total: number): unknown =>
    process.stderr.isTTY &&
    total > 1 &&
    process.stderr.write(`\rshards: ${done} of ${total}${done === total ? '\n' : ''}`)
  return shards.length > 0 ? openWebDataset(shards, { size: 32, onProgress }) : openImageFolder(path, { size: 32 })
}

function onProgress({ file, received, total }: DownloadProgress): void {
  if (!process.stderr.isTTY) return
  const part = total === undefined ? '' : ` of ${(total / 1e6).toFixed(1)}`
  process.stderr.write(
    `\r${file.split(/[/\\]/).at(-1)}: ${(received / 1e6).toFixed(1)}${part} MB${received === total ? '\n' : ''}`
  )
}
