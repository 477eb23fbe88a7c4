import { type Random } from 'lapstrake'
import type { Rows } from '@lapstrake/evaluation'
import { UMAP } from 'umap-js'

const neighbours = 15

/**
 * Rows on the plane, those beside each other that are near (UMAP, McInnes et al. 2018,
 * https://arxiv.org/abs/1802.03426, with fifteen neighbours). The same rows and randomness give the same places.
 */
export function onThePlane({ values, dim }: Rows, random: Random): readonly (readonly [x: number, y: number])[] {
  const rows = Array.from({ length: values.length / dim }, (_, i) =>
    Array.from(values.subarray(i * dim, (i + 1) * dim))
  )
  // One image has no neighbours, and a few have few.
  if (rows.length < 3) return rows.map((_, i) => [i, 0])
  const umap = new UMAP({ nNeighbors: Math.min(neighbours, rows.length - 1), random: stream(random) })
  return umap.fit(rows).map(([x, y]) => [x!, y!])
}

/** One number after another, as `Math.random` gives them. */
function stream(random: Random): () => number {
  const size = 4096
  let numbers = random.split(0).uniforms(size)
  let drawn = 0
  return () => {
    if (drawn > 0 && drawn % size === 0) numbers = random.split(drawn / size).uniforms(size)
    return numbers[drawn++ % size]!
  }
}
