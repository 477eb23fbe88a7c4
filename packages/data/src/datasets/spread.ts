import { pick } from './dataset.ts'
import type { ImageDataset } from './images.ts'

/**
 * So many examples of all classes: the first of each class, then the second of each, and so on, each time in the order
 * of the classes; those of few are the first of many. All, in their own order, where there are no more.
 */
export function spread(dataset: ImageDataset, limit: number | undefined): ImageDataset {
  const { size, labels } = dataset
  if (limit === undefined || limit >= size || labels === undefined) return dataset
  const members = new Map<number, number[]>()
  labels.forEach((label, place) => {
    if (!members.has(label)) members.set(label, [])
    members.get(label)!.push(place)
  })
  const classes = [...members].sort(([a], [b]) => a - b).map(([, places]) => places)
  const chosen = new Uint32Array(limit)
  for (let round = 0, i = 0; i < limit; round++) {
    for (const places of classes) if (round < places.length && i < limit) chosen[i++] = places[round]!
  }
  return pick(dataset, chosen)
}
