import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PCA } from 'ml-pca'
import { boardFolder } from './tensorboard.ts'

/** An example on the plane that shows most of how embeddings differ. */
export interface MapPoint {
  readonly x: number
  readonly y: number
  readonly label: string
}

/** The embeddings that a run keeps for TensorBoard's projector, by their two principal components; nothing where it keeps none. */
export async function embeddingMap(run: string): Promise<readonly MapPoint[] | undefined> {
  const lines = async (file: string): Promise<string[]> => (await readFile(join(run, boardFolder, file), 'utf8')).trimEnd().split('\n')
  try {
    const [rows, labels] = [(await lines('tensors.tsv')).map(line => line.split('\t').map(Number)), await lines('metadata.tsv')]
    if (rows.length < 3 || rows[0]!.length < 2 || rows.length !== labels.length) return undefined
    return new PCA(rows).predict(rows, { nComponents: 2 }).to2DArray().map(([x, y], i) => ({ x: x!, y: y!, label: labels[i]! }))
  } catch {
    return undefined
  }
}
