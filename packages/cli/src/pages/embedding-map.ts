import { join } from 'node:path'
import type { Manifest } from '@lapstrake/runs/node'
import { crc32c, readWholeFile } from 'lapstrake/node'
import { PCA } from 'ml-pca'

/** An example on the plane that shows most of how embeddings differ. */
export interface MapPoint {
  readonly x: number
  readonly y: number
  readonly label: string
}

const files = ['tensorboard/tensors.tsv', 'tensorboard/metadata.tsv'] as const

/**
 * The embeddings that a run keeps for TensorBoard's projector, by their two principal components; nothing where it
 * keeps none.
 *
 * @throws Error if a file is damaged
 */
export async function embeddingMap(
  run: string,
  { checksums }: Pick<Manifest, 'checksums'>
): Promise<readonly MapPoint[] | undefined> {
  if (files.some(file => checksums[file] === undefined)) return undefined
  const [tensors, labels] = (await Promise.all(files.map(file => linesOf(join(run, file), checksums[file]!)))) as [
    string[],
    string[]
  ]
  const rows = tensors.map(line => line.split('\t').map(Number))
  if (rows.length < 3 || rows[0]!.length < 2) return undefined
  return new PCA(rows)
    .predict(rows, { nComponents: 2 })
    .to2DArray()
    .map(([x, y], i) => ({ x: x!, y: y!, label: labels[i]! }))
}

async function linesOf(path: string, told: number): Promise<string[]> {
  const bytes = await readWholeFile(path)
  if (crc32c(bytes) !== told)
    throw new Error(
      `${path}: expected what the run wrote, got a file with another checksum. It is damaged, or was changed since; ` +
        'put back a copy.'
    )
  return new TextDecoder().decode(bytes).replace(/\n$/, '').split('\n')
}
