import { holdOut as parted, type ImageDataset } from 'lapstrake'

/** Which part of a reader's images is held out: of few images a tenth would be too few to look with. */
const part = 1 / 7

/** Parts a data set in two, at random and the same each time: of every class one example in seven is held out. */
export function holdOut(dataset: ImageDataset): { readonly training: ImageDataset; readonly held: ImageDataset } {
  const { train, test } = parted(dataset, { part })
  return { training: train, held: test }
}
