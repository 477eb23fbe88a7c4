// Exact search among many rows, and beside it an index that is built first.
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { nearestRows, seeded, type Rows } from 'lapstrake'
import { rounded, timed } from './measuring.ts'

export interface SearchRow {
  readonly by: string
  readonly rows: number
  readonly dim: number
  /** Before the first question can be asked. */
  readonly buildMs: number
  /** A question alone, its ten nearest. */
  readonly oneMs: number
  /** A thousand together. */
  readonly thousandMs: number
  /** Part of the ten nearest that are found. */
  readonly recall: number
}

const [asked, k] = [1000, 10]

/** What of `hnswlib-node` is used here. */
interface Hnsw {
  initIndex(size: number): void
  addPoint(row: number[], label: number): void
  setEf(ef: number): void
  searchKnn(row: number[], k: number): { readonly neighbors: number[] }
}

/** On the backend that is set. Rows are in clouds, as features are: a hundred directions and noise around each. */
export async function searchRows(
  count: number,
  dim: number,
  beside: string | undefined
): Promise<readonly SearchRow[]> {
  const random = seeded(7)
  const centres = random.split('centres').normals(100 * dim)
  const draw = (name: string, count: number): Rows => ({
    values: random
      .split(name)
      .normals(count * dim)
      .map((value, i) => centres[(Math.floor(i / dim) % 100) * dim + (i % dim)]! + 0.7 * value),
    dim
  })
  const [known, questions] = [draw('known', count), draw('asked', asked)]
  const one: Rows = { values: questions.values.slice(0, dim), dim }
  await nearestRows(known, one, { k })
  const oneMs = await timed(() => nearestRows(known, one, { k }))
  let exact = new Int32Array()
  const thousandMs = await timed(async () => {
    exact = (await nearestRows(known, questions, { k })).places as typeof exact
  })
  const common = { rows: count, dim }
  const ours = { by: 'nearestRows, exact', ...common, buildMs: 0, oneMs: rounded(oneMs) }
  const rows: SearchRow[] = [{ ...ours, thousandMs: rounded(thousandMs), recall: 1 }]
  if (beside === undefined) return rows

  const { HierarchicalNSW } = createRequire(join(resolve(beside), 'x.js'))('hnswlib-node') as {
    HierarchicalNSW: new (space: string, dim: number) => Hnsw
  }
  const row = ({ values }: Rows, i: number): number[] => [...values.subarray(i * dim, (i + 1) * dim)]
  const index = new HierarchicalNSW('cosine', dim)
  const buildMs = await timed(() => {
    index.initIndex(count)
    for (let i = 0; i < count; i++) index.addPoint(row(known, i), i)
  })
  for (const ef of [10, 200]) {
    index.setEf(ef)
    const oneMs = await timed(() => index.searchKnn(row(questions, 0), k))
    let found = 0
    const thousandMs = await timed(() => {
      for (let i = 0; i < asked; i++) {
        const nearest = new Set(exact.subarray(i * k, (i + 1) * k))
        found += index.searchKnn(row(questions, i), k).neighbors.filter(place => nearest.has(place)).length
      }
    })
    rows.push({
      by: `hnswlib-node, ef ${ef}`,
      ...common,
      ...{ buildMs: rounded(buildMs), oneMs: rounded(oneMs), thousandMs: rounded(thousandMs) },
      recall: rounded(found / asked / k)
    })
  }
  return rows
}
