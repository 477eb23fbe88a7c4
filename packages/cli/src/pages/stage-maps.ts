import { collectLevels, seeded, type CollectedFeatures, type Dataset } from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import type * as tf from '@tensorflow/tfjs-core'
import type { MapPoint } from './embedding-map.ts'
import { onThePlane } from './on-the-plane.ts'

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
 * for the stage. The same run gives the same maps, as long as there is time for them.
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
    const places = onThePlane(levels[level]!, seeded(0).split('map', level))
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
