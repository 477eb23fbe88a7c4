import { collectLevels, seeded, type CollectedFeatures, type Dataset, type Random } from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import type * as tf from '@tensorflow/tfjs-core'
import { UMAP } from 'umap-js'
import type { MapPoint } from './embedding-map.ts'

/** Where a stage puts images. */
export interface StageMap {
  readonly stage: string
  readonly points: readonly MapPoint[]
}

export interface StageMapsOptions {
  readonly test: Dataset
  readonly prepare?: ((images: tf.Tensor) => tf.Tensor) | undefined
  /** No map is begun after this, as `performance.now()` counts: the top comes first. */
  readonly until: number
  readonly onProgress: (what: string) => unknown
}

/**
 * A map of each stage of a run, and one of the pixels: test images on the plane, those beside each other that are near
 * for the stage (UMAP, McInnes et al. 2018, https://arxiv.org/abs/1802.03426, with fifteen neighbours). The same run
 * gives the same maps, as long as there is time for them.
 */
export async function stageMaps(
  { network, trained, manifest }: Pick<OpenRun, 'network' | 'trained' | 'manifest'>,
  { test, prepare, until, onProgress }: StageMapsOptions
): Promise<readonly StageMap[]> {
  const which = network.shapes.map((_, level) => level)
  const levels = await collectLevels(
    test,
    (input, context) => network.levels(trained, prepare?.(input) ?? input, { which, context }),
    {
      labels: false,
      pool: place => (place === 0 ? 'flatten' : 'mean'),
      onProgress: (done, total) => onProgress(`features, ${done} of ${total} images`)
    }
  )
  const names = ['raw pixels', ...manifest.stages]
  const labels = labelsOf(test, levels[0]!)
  const maps: StageMap[] = []
  for (const level of [...which].reverse()) {
    if (performance.now() > until) break
    onProgress(`map of ${names[level]!}`)
    const places = placed(levels[level]!, seeded(0).split('map', level))
    maps.unshift({ stage: names[level]!, points: places.map(([x, y], i) => ({ x, y, label: labels[i]! })) })
  }
  return maps
}

/** The class of each example that could be read; one word for all where there are none. */
function labelsOf({ size, classes, labels }: Dataset, { unreadable }: CollectedFeatures): readonly string[] {
  const missing = new Set(unreadable.map(({ place }) => place))
  return Array.from({ length: size }, (_, place) => place)
    .filter(place => !missing.has(place))
    .map(place => classes[labels?.[place] ?? -1] ?? 'image')
}

const neighbours = 15

function placed({ values, dim, labels }: CollectedFeatures, random: Random): readonly (readonly [number, number])[] {
  const rows = Array.from(labels, (_, i) => Array.from(values.subarray(i * dim, (i + 1) * dim)))
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
