import { nearestRows, type Rows } from 'lapstrake'

/** Neighbours of each row that are looked at: more than these are alike through one another. */
const looked = 8

/**
 * Rows whose cosine is `least` or above, in groups: two are in one where others between them are alike, row by row.
 * Those with the most similar pair come first, and in each its rows by their number.
 */
export async function alike(
  rows: Rows,
  least: number,
  onProgress: (done: number, total: number) => void
): Promise<readonly (readonly number[])[]> {
  const { k, places, similarities } = await nearestRows(rows, rows, { k: looked + 1, onProgress })
  const count = rows.values.length / rows.dim
  const parent = Int32Array.from({ length: count }, (_, i) => i)
  const best = new Float32Array(count).fill(-1)
  const root = (row: number): number => {
    let at = row
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!
    return at
  }
  for (let i = 0; i < count; i++) {
    for (let j = i * k; j < (i + 1) * k; j++) {
      const [a, b] = [root(i), root(places[j]!)]
      if (places[j] === i || similarities[j]! < least) continue
      parent[Math.max(a, b)] = Math.min(a, b)
      const pair = Math.max(similarities[j]!, best[a]!, best[b]!)
      best[a] = best[b] = pair
    }
  }
  const groups = new Map<number, number[]>()
  for (let i = 0; i < count; i++) {
    const first = root(i)
    if (!groups.has(first)) groups.set(first, [])
    groups.get(first)!.push(i)
  }
  return [...groups]
    .filter(([, { length }]) => length > 1)
    .sort(([a], [b]) => best[b]! - best[a]! || a - b)
    .map(([, group]) => group)
}
