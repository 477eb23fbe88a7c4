// The gradient of a large batch from small parts of it: exact through the trainer, and as naive accumulation has it.
import * as tf from '@tensorflow/tfjs-core'
import {
  convNet,
  createTrainer,
  dispose,
  endToEnd,
  mapViews,
  ntXent,
  projector,
  seeded,
  tensorsOf,
  type Recipe,
  type State,
  type Trainer,
  type Views
} from 'lapstrake'
import { largestDifference, median, megabytes, peakOf, rounded, timed } from './measuring.ts'
import { still } from './networks.ts'

export interface MicroBatchResult {
  readonly batch: number
  /** Examples of a part. */
  readonly part: number
  readonly network: string
  readonly whole: Measured
  readonly parts: Measured
  readonly naive: Measured
  /** Peak of the parts over that of the whole. */
  readonly peakRatio: number
  /**
   * How far the gradient of the whole is from that of the same examples in another order: what float32 cannot tell
   * apart.
   */
  readonly roundingDifference: number
}

interface Measured {
  readonly ms: number
  readonly peakMb: number
  /** Largest difference from the gradient of the whole over all parameters, over its largest entry. */
  readonly gradientDifference?: number | undefined
}

export interface MicroBatchOptions {
  readonly batch: number
  /** Divides the batch. */
  readonly part: number
  readonly repeats: number
  readonly onProgress: (message: string) => void
}

const inputShape = [8, 8, 3] as const

/**
 * Group normalisation looks at one example at a time. Batch normalisation would take the statistics of a part, and the
 * gradient would be that.
 */
const recipe: Recipe = {
  backbone: convNet({ widths: [16, 16, 32, 32], strides: [1, 1, 2, 1], norm: 'group' }),
  isolation: endToEnd(),
  head: () => projector({ dims: [64, 128] }),
  loss: () => ntXent({ temperature: 0.2, chunk: 256 }),
  optimizer: still
}
const network =
  'convNet of 4 stages with group normalisation, end to end, on images of 8 × 8 × 3; ' +
  'NT-Xent in tiles of 256 behind an MLP 64-128'

export async function measureMicroBatch({
  batch,
  part,
  repeats,
  onProgress
}: MicroBatchOptions): Promise<MicroBatchResult> {
  const view = (place: number): tf.Tensor4D =>
    seeded(5)
      .split('images', place)
      .normal([batch, ...inputShape]) as tf.Tensor4D
  const images: Views<tf.Tensor4D> = [view(0), view(1)]
  const [trainer, inParts] = [
    createTrainer(recipe, { inputShape }),
    createTrainer(recipe, { inputShape, microBatch: part })
  ]
  const state = trainer.init(seeded(6))
  const ways = {
    whole: () => read(gradientOf(trainer, state, images)),
    parts: () => read(gradientOf(inParts, state, images)),
    naive: () => read(accumulated(trainer, state, images, part))
  }

  const runners: {
    readonly step: () => Promise<Float32Array>
    readonly gradient: Float32Array
    readonly peak: number
    readonly times: number[]
  }[] = []
  for (const [name, step] of Object.entries(ways)) {
    onProgress(`microBatch: ${name}, ${batch} examples`)
    await step()
    let gradient: Float32Array = new Float32Array()
    const peak = await peakOf(async () => {
      gradient = await step()
    })
    runners.push({ step, gradient, peak, times: [] })
  }
  const reordered = mapViews(images, view => tf.reverse(view, 0))
  const again = await read(gradientOf(trainer, state, reordered))
  for (let repeat = 0; repeat < repeats; repeat++) {
    onProgress(`microBatch: repeat ${repeat + 1} of ${repeats}`)
    for (const { step, times } of runners) times.push(await timed(step))
  }
  dispose(state)
  tf.dispose([...images, ...reordered])

  const [whole, parts, naive] = runners.map(
    ({ gradient, peak, times }, i): Measured => ({
      ms: rounded(median(times)),
      peakMb: megabytes(peak),
      ...(i > 0 && { gradientDifference: rounded(largestDifference(gradient, runners[0]!.gradient)) })
    })
  ) as [Measured, Measured, Measured]
  return {
    batch,
    part,
    network,
    whole,
    parts,
    naive,
    peakRatio: rounded(runners[1]!.peak / runners[0]!.peak),
    roundingDifference: rounded(largestDifference(again, runners[0]!.gradient))
  }
}

/** Of all parameters, as one vector. */
function gradientOf(trainer: Trainer, state: State, views: Views<tf.Tensor4D>): tf.Tensor {
  const learned = trainer.learn(state, { views })
  const taught = [
    ...learned.stages.map(({ gradients }) => gradients),
    ...Object.values(learned.units).flatMap(({ headGradients, lossGradients }) => [headGradients, lossGradients])
  ]
  const vector = tf.tidy(() => tf.concat(tensorsOf(taught).map(tensor => tf.reshape(tensor, [-1]))))
  dispose(learned)
  return vector
}

/** The mean of the gradients of parts, each compared with itself alone, as one accumulates for a classifier. */
function accumulated(trainer: Trainer, state: State, images: Views<tf.Tensor4D>, part: number): tf.Tensor {
  const count = images[0].shape[0] / part
  return Array.from({ length: count }).reduce<tf.Tensor>((sum, _, i) => {
    const views = mapViews(images, view => tf.slice(view, i * part, part))
    const gradient = gradientOf(trainer, state, views)
    const next = tf.tidy(() => tf.add(sum, tf.div(gradient, count)))
    tf.dispose([...views, gradient, sum])
    return next
  }, tf.scalar(0))
}

async function read(vector: tf.Tensor): Promise<Float32Array> {
  const numbers = (await vector.data()) as Float32Array
  vector.dispose()
  return numbers
}
