import {
  collectFeatures,
  pick,
  readStages,
  seeded,
  subset,
  type ImageDataset,
  type ImageExample,
  type Network,
  type State
} from 'lapstrake'
import type { OpenData } from '../data/open-data.ts'
import type { MapMethod, RunEvent } from '../protocol.ts'
import { toPlane } from './plane.ts'
import { rgba } from './rgba.ts'

/** Looks at a network while it learns and leaves it as it is. */
export interface Observer {
  /** Accuracy, where there are classes, and a map. */
  look(state: State): Promise<void>
  /** A map at once; later ones are made the same way. */
  map(state: State, method: MapMethod): Promise<void>
}

/** Examples that are known, asked about and drawn. */
const [known, asked, drawn] = [500, 200, 500]

/** Looks by nearest neighbours and by maps of the top stage. */
export function observer(network: Network, { training, held }: OpenData, tell: (event: RunEvent) => void): Observer {
  const examples = labelled(training, held)
  const onMap = held.size < 5 ? undefined : subset(held, { count: Math.min(drawn, held.size) })
  const last: Partial<Record<MapMethod, Float32Array>> = {}
  let method: MapMethod = 'pca'
  let shown = false

  async function accuracy(state: State): Promise<void> {
    if (examples === undefined) return
    const { readouts } = await readStages(network, state.stages, {
      train: examples.known,
      test: examples.asked,
      linear: false,
      k: 20
    })
    const stages = readouts.map(({ neighbours }) => neighbours)
    const { chance, mostCommon } = examples
    tell({ kind: 'accuracy', step: state.step, stages, chance, mostCommon })
  }

  async function map(state: State): Promise<void> {
    if (onMap === undefined) return
    if (!shown) await show(onMap)
    const { values, dim } = await collectFeatures(
      onMap,
      (images, context) => network.encode(state.stages, images, { context }),
      { labels: false }
    )
    const rows = Array.from({ length: onMap.size }, (_, i) => unit(values.subarray(i * dim, (i + 1) * dim)))
    const before = last[method]
    const points = await toPlane(rows, { method, random: seeded(0).split('map'), last: before })
    last[method] = points
    tell({
      kind: 'map',
      method,
      step: state.step,
      points,
      labels: onMap.labels ?? new Int32Array(onMap.size).fill(-1),
      classes: onMap.classes
    })
  }

  async function show(dataset: ImageDataset): Promise<void> {
    const {
      size,
      shape: [height, width, channels]
    } = dataset
    shown = true
    if (channels !== 1 && channels !== 3) return
    const images = await dataset.read(Uint32Array.from({ length: size }, (_, i) => i))
    tell({ kind: 'mapped', height, width, pixels: rgba(endToEnd(images), channels, 1) })
  }

  return {
    async look(state) {
      await accuracy(state)
      await map(state)
    },
    map(state, wanted) {
      method = wanted
      return map(state)
    }
  }
}

interface Labelled {
  readonly known: ImageDataset
  readonly asked: ImageDataset
  /** What guessing gets right, 0 to 1: one of so many classes. */
  readonly chance: number
  /** What always saying the class that is asked for most gets right, 0 to 1: more than chance where classes differ. */
  readonly mostCommon: number
}

/** What neighbours are found among, and for whom; nothing where there is nothing to tell apart. */
export function labelled(training: ImageDataset, held: ImageDataset): Labelled | undefined {
  const { labels } = training
  if (labels === undefined || held.labels === undefined || labels.some(label => label < 0)) return undefined
  const some = subset(training, { count: Math.min(known, training.size), seed: 0 })
  const seen = new Set(some.labels)
  const places = Array.from(held.labels.keys())
    .filter(place => seen.has(held.labels![place]!))
    .slice(0, asked)
  if (seen.size < 2 || places.length === 0) return undefined
  const counts = new Map<number, number>()
  for (const place of places) {
    const label = held.labels[place]!
    counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return {
    known: some,
    asked: pick(held, Uint32Array.from(places)),
    chance: 1 / seen.size,
    mostCommon: Math.max(...counts.values()) / places.length
  }
}

function endToEnd(images: readonly ImageExample[]): Uint8Array {
  const length = images[0]!.image.length
  const pixels = new Uint8Array(images.length * length)
  images.forEach(({ image }, i) => pixels.set(image, i * length))
  return pixels
}

function unit(row: Float32Array): number[] {
  const length = Math.hypot(...row)
  return Array.from(row, value => value / Math.max(length, 1e-12))
}
