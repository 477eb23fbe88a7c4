import type { Random } from 'lapstrake'
import type { MapMethod } from '../protocol.ts'

export interface PlaneOptions {
  readonly method: MapMethod
  readonly random: Random
  /** The map before this one, of the same examples by the same method, to stay near. */
  readonly last?: Float32Array | undefined
}

/** Puts rows into the plane, `x, y` after `x, y`. */
export async function toPlane(
  rows: readonly (readonly number[])[],
  { method, random, last }: PlaneOptions
): Promise<Float32Array> {
  if (method === 'pca') return turnedLike(last, await principal(rows))
  return neighbourly(rows, random, last ?? spread(await principal(rows)))
}

/** The two directions in which the rows differ most. */
async function principal(rows: readonly (readonly number[])[]): Promise<Float32Array> {
  const { PCA } = await import('ml-pca')
  const data = rows as number[][]
  const points = new PCA(data, { method: 'covarianceMatrix' }).predict(data, { nComponents: 2 })
  return Float32Array.from(points.to2DArray().flatMap(([x = 0, y = 0]) => [x, y]))
}

/** The sign of a principal axis says nothing: it is kept from map to map, so that the picture does not flip. */
function turnedLike(last: Float32Array | undefined, points: Float32Array): Float32Array {
  if (last === undefined) return points
  const signs = [0, 1].map(axis => {
    let along = 0
    for (let i = axis; i < points.length; i += 2) along += points[i]! * last[i]!
    return along < 0 ? -1 : 1
  })
  return points.map((value, i) => value * signs[i % 2]!)
}

/** UMAP (McInnes et al. 2018, https://arxiv.org/abs/1802.03426), which begins where the points were. */
async function neighbourly(
  rows: readonly (readonly number[])[],
  random: Random,
  start: Float32Array
): Promise<Float32Array> {
  const { UMAP } = await import('umap-js')
  const umap = new UMAP({ nNeighbors: Math.min(15, rows.length - 1), nEpochs: 200, random: sequence(random) })
  umap.initializeFit(rows as number[][])
  // It has no option for the start, but gives the very points it is going to move.
  umap.getEmbedding().forEach((point, i) => point.splice(0, 2, start[2 * i]!, start[2 * i + 1]!))
  for (let epoch = 0; epoch < 200; epoch++) umap.step()
  return Float32Array.from(umap.getEmbedding().flat())
}

/** Scaled to the size of UMAP's maps. */
function spread(points: Float32Array): Float32Array {
  const largest = points.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12)
  return points.map(value => (10 * value) / largest)
}

/** A random source as a function that gives number after number. */
function sequence(random: Random): () => number {
  const length = 4096
  let block = 0
  let at = length
  let values: Float32Array = new Float32Array()
  return () => {
    if (at === length) [values, at] = [random.split(block++).uniforms(length), 0]
    return values[at++]!
  }
}
