// NT-Xent in tiles beside NT-Xent at once: the memory, and whether the gradient is the same. On the cpu backend, where
// the loss is composed of operations; the wasm backend's kernel always goes tile by tile.
import * as tf from '@tensorflow/tfjs-core'
import { ntXent, seeded, useBackend, vjp, type Loss, type Views } from 'lapstrake'
import { largestDifference, median, megabytes, peakOf, rounded, timed } from './measuring.ts'

export interface TilesResult {
  /** Examples, each in two views of 128 numbers. */
  readonly batch: number
  /** Rows of a tile. */
  readonly chunk: number
  readonly tiled: Measured
  readonly whole: Measured
  /** Of tiles over whole. */
  readonly peakRatio: number
  /** Largest difference of the gradients over the largest entry. */
  readonly gradientDifference: number
}

interface Measured {
  readonly ms: number
  readonly peakMb: number
}

export interface TilesOptions {
  readonly batch: number
  readonly chunk: number
  readonly repeats: number
  readonly onProgress: (message: string) => void
}

/** Leaves the backend as it was. */
export async function measureTiles({ batch, chunk, repeats, onProgress }: TilesOptions): Promise<TilesResult> {
  const before = tf.getBackend()
  await useBackend('cpu')
  const view = (place: number): tf.Tensor2D => seeded(11).split('tiles', place).normal([batch, 128]) as tf.Tensor2D
  const views: Views<tf.Tensor2D> = [view(0), view(1)]
  const [tiled, whole] = [ntXent({ chunk }), ntXent()].map(loss => () => gradientOf(loss, views)) as [Step, Step]

  onProgress(`tiles: ${batch} in tiles of ${chunk} and at once, in plain JavaScript`)
  const [inTiles, atOnce] = [await observed(tiled), await observed(whole)]
  const times: { tiled: number[]; whole: number[] } = { tiled: [], whole: [] }
  for (let repeat = 0; repeat < repeats; repeat++) {
    times.tiled.push(await timed(tiled))
    times.whole.push(await timed(whole))
  }
  tf.dispose([...views])
  await tf.setBackend(before)
  return {
    batch,
    chunk,
    tiled: { ms: rounded(median(times.tiled)), peakMb: megabytes(inTiles.peak) },
    whole: { ms: rounded(median(times.whole)), peakMb: megabytes(atOnce.peak) },
    peakRatio: rounded(inTiles.peak / atOnce.peak),
    gradientDifference: rounded(largestDifference(inTiles.gradient, atOnce.gradient))
  }
}

type Step = () => Promise<Float32Array>

/** A first step, watched. */
async function observed(step: Step): Promise<{ gradient: Float32Array; peak: number }> {
  let gradient: Float32Array = new Float32Array()
  const peak = await peakOf(async () => {
    gradient = await step()
  })
  return { gradient, peak }
}

/** Of all rows of all views. */
async function gradientOf(loss: Loss, views: Views<tf.Tensor2D>): Promise<Float32Array> {
  const { outputs, pull } = vjp(() => ({ outputs: [loss(views, { views })], aux: undefined }), views)
  const gradients = pull([tf.scalar(1)], views, { last: true, consume: true }) as tf.Tensor[]
  const all = tf.concat(gradients, 0)
  const numbers = (await all.data()) as Float32Array
  tf.dispose([...outputs, ...gradients, all])
  return numbers
}
