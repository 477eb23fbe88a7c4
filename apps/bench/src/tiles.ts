// NT-Xent in tiles beside NT-Xent at once: the memory, and whether the gradient is the same.
import * as tf from '@tensorflow/tfjs-core'
import { ntXent, seeded, vjp, type Loss, type Views } from 'lapstrake'
import { addressable, largestDifference, median, megabytes, peakOf, rounded, timed } from './measuring.ts'

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
  readonly note?: string
}

interface Measured {
  readonly backend: string
  readonly ms: number
  readonly peakMb: number
}

export interface TilesOptions {
  readonly batch: number
  readonly chunk: number
  readonly repeats: number
  readonly onProgress: (message: string) => void
}

/** Most bytes of NT-Xent at once: five matrices of all pairs of rows, on the way forward. */
const needed = (batch: number): number => 5 * 4 * (2 * batch) ** 2

/** Where the loss at once does not fit on the wasm backend, one step of it on the cpu backend stands in. Leaves the backend as it was. */
export async function measureTiles({ batch, chunk, repeats, onProgress }: TilesOptions): Promise<TilesResult> {
  const backend = tf.getBackend()
  const fits = needed(batch) < addressable()
  const views = [0, 1].map(v => seeded(11).split('tiles', v).normal([batch, 128])) as unknown as Views<tf.Tensor2D>
  const [tiled, whole] = [ntXent({ chunk }), ntXent()].map(loss => () => gradientOf(loss, views)) as [Step, Step]

  onProgress(`tiles: ${batch} in tiles of ${chunk}`)
  const inTiles = await observed(tiled)
  onProgress(`tiles: ${batch} at once${fits ? '' : ', on the cpu backend, which takes minutes'}`)
  if (!fits) await tf.setBackend('cpu')
  const atOnce = await observed(whole)
  const wholeBackend = tf.getBackend()
  await tf.setBackend(backend)

  const times: { tiled: number[]; whole: number[] } = { tiled: [], whole: fits ? [] : [atOnce.ms] }
  for (let repeat = 0; repeat < repeats; repeat++) {
    times.tiled.push(await timed(tiled))
    if (fits) times.whole.push(await timed(whole))
  }
  tf.dispose([...views])
  return {
    batch, chunk,
    tiled: { backend, ms: rounded(median(times.tiled)), peakMb: megabytes(inTiles.peak) },
    whole: { backend: wholeBackend, ms: rounded(median(times.whole)), peakMb: megabytes(atOnce.peak) },
    peakRatio: rounded(inTiles.peak / atOnce.peak),
    gradientDifference: rounded(largestDifference(inTiles.gradient, atOnce.gradient)),
    ...(!fits && {
      note: `At once it needs ${(needed(batch) / 1e9).toFixed(1)} GB, more than wasm addresses. Peak and gradient are those of one step of the cpu backend, ` +
        'whose tensors are as large; its time is that of plain JavaScript, not to be compared with the tiles\'.'
    })
  }
}

type Step = () => Promise<Float32Array>

/** A first step, watched. */
async function observed(step: Step): Promise<{ gradient: Float32Array; peak: number; ms: number }> {
  let gradient: Float32Array = new Float32Array()
  let ms = 0
  const peak = await peakOf(async () => { ms = await timed(async () => { gradient = await step() }) })
  return { gradient, peak, ms }
}

/** Of all rows of all views. */
async function gradientOf(loss: Loss, views: Views<tf.Tensor2D>): Promise<Float32Array> {
  const { outputs, pull } = vjp(() => ({ outputs: [loss(views, { views })], aux: undefined }), views)
  const gradients = pull([tf.scalar(1)], views, { last: true, consume: true }) as tf.Tensor[]
  const all = tf.concat(gradients, 0)
  const numbers = await all.data() as Float32Array
  tf.dispose([...outputs, ...gradients, all])
  return numbers
}
