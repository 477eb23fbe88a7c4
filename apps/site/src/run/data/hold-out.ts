import { pick, seeded, type ImageDataset } from 'lapstrake'

/** One example in so many is held out. */
const every = 7

/**
 * Parts a data set in two, at random and the same each time: of every class one example in seven is held out, at least
 * one of two.
 */
export function holdOut(dataset: ImageDataset): { readonly training: ImageDataset; readonly held: ImageDataset } {
  const seen = new Map<number, number>()
  const training: number[] = []
  const held: number[] = []
  for (const place of seeded(0).split('held out').permutation(dataset.size)) {
    const label = dataset.labels?.[place] ?? -1
    const before = seen.get(label) ?? 0
    seen.set(label, before + 1)
    if (before % every === 1) held.push(place)
    else training.push(place)
  }
  return { training: pick(dataset, Uint32Array.from(training)), held: pick(dataset, Uint32Array.from(held)) }
}
