import { nearestRows, type Rows, type Unreadable } from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import * as tf from '@tensorflow/tfjs-core'
import { embedded } from './embedded.ts'
import type { Pictures } from './pictures.ts'

/** Images as a network sees them, and as pixels alone. */
export interface SeenImages {
  /** Where each row stands among the images that were named; those that cannot be read have none. */
  readonly places: readonly number[]
  readonly network: Rows
  readonly pixels: Rows
}

export interface SeeingOptions {
  readonly level: number
  readonly batch: number | undefined
  readonly say: (what: string) => void
  readonly onUnreadable: (unreadable: Unreadable) => void
}

/** Height and width of the pixels that are compared, whatever size the network takes. */
export const pixelLength = 16

/** Keeps a row of features and one of pixels for each image. */
export async function seenBy(
  { encode, manifest }: OpenRun,
  { images }: Pictures,
  { level, batch, say, onUnreadable }: SeeingOptions
): Promise<SeenImages> {
  const places: number[] = []
  const [features, pixels]: [Float32Array[], Float32Array[]] = [[], []]
  let dim = 0
  const rowsOf = (input: tf.Tensor): tf.Tensor => {
    const rows = tf.reshape(encode(input, { level, pooled: true }), [input.shape[0]!, -1])
    dim = rows.shape[1]!
    return tf.concat([rows, smallPixels(input as tf.Tensor4D)], 1)
  }
  for await (const part of embedded({ encode, manifest }, images, { batch, rowsOf, onUnreadable })) {
    places.push(...part.places)
    for (let at = 0; at < part.rows.length; at += part.dim) {
      features.push(part.rows.slice(at, at + dim))
      pixels.push(part.rows.slice(at + dim, at + part.dim))
    }
    say(`Features: ${part.done} of ${images.size} images`)
  }
  if (places.length === 0) throw new Error(`neighbours: expected images that can be read in ${images.name}, got none.`)
  return { places, network: joined(features), pixels: joined(pixels) }
}

/** Some of them, by their rows. */
export const some = ({ places, network, pixels }: SeenImages, rows: readonly number[]): SeenImages => {
  const of = ({ values, dim }: Rows): Rows => joined(rows.map(row => values.subarray(row * dim, (row + 1) * dim)))
  return { places: rows.map(row => places[row]!), network: of(network), pixels: of(pixels) }
}

/** An image by its row, and its cosine to another. */
export type Near = readonly [row: number, cosine: number]

/** What is near an image, most similar first. */
export interface Neighbours {
  readonly network: readonly Near[]
  readonly pixels: readonly Near[]
}

/** What is near each image that asks, but for itself: `own` is its row among those known, where it is one of them. */
export async function neighboursOf(
  known: SeenImages,
  asked: SeenImages,
  k: number,
  own: (i: number) => number | undefined
): Promise<readonly Neighbours[]> {
  const by = async (which: 'network' | 'pixels'): Promise<readonly (readonly Near[])[]> => {
    const found = await nearestRows(known[which], asked[which], { k: k + 1 })
    return asked.places.map((_, i) =>
      Array.from({ length: found.k }, (_, j): Near => {
        const at = i * found.k + j
        return [found.places[at]!, found.similarities[at]!]
      })
        .filter(([row]) => row !== own(i))
        .slice(0, k)
    )
  }
  const [network, pixels] = [await by('network'), await by('pixels')]
  return network.map((near, i) => ({ network: near, pixels: pixels[i]! }))
}

/** The means of cells of an image, as rows: what a plain comparison of pixels looks at. */
function smallPixels(images: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width] = images.shape
  const cell = [height, width].map(length => Math.max(1, Math.floor(length / pixelLength))) as [number, number]
  const means = tf.avgPool(images, cell, cell, 'valid')
  return tf.reshape(tf.image.resizeBilinear(means, [pixelLength, pixelLength], false, true), [batch, -1])
}

function joined(rows: readonly Float32Array[]): Rows {
  const dim = rows[0]?.length ?? 1
  const values = new Float32Array(rows.length * dim)
  rows.forEach((row, i) => values.set(row, i * dim))
  return { values, dim }
}
