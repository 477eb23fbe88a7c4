import { dispose, own, type Loss, type Random } from '@lapstrake/core'
import { loader, type Dataset, type View } from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'
import type { CertifiedStages } from './certified-stages.ts'

interface TuplesOptions {
  readonly stages: CertifiedStages
  readonly dataset: Dataset
  readonly views: readonly View[]
  /** What is measured, each a mean over the anchors of a batch. */
  readonly losses: readonly Loss[]
  readonly batchSize: number
  /** Decides the order of the examples, their views and the weights. */
  readonly random: Random
  /** Whether each batch meets weights drawn for it alone, or those at the posterior's mean. */
  readonly weights: 'drawn' | 'mean'
  /** How often the data are gone through. */
  readonly passes?: number | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Means of losses over the tuples of a data set. */
interface OverTuples {
  readonly means: readonly number[]
  /** Batches, each with weights of its own. */
  readonly batches: number
}

/** The mean of each loss over the tuples that a data set gives. Examples left over in a pass wait for the next. */
export async function meanOverTuples(options: TuplesOptions): Promise<OverTuples> {
  const { stages, dataset, views, losses, batchSize, random, weights, passes = 1, onProgress } = options
  const source = loader(dataset, { batchSize, random, views })
  const batches = passes * source.batchesPerEpoch
  const sums = losses.map(() => 0)
  let done = 0
  for await (const { batch } of source.batches()) {
    const measured = own(() => {
      const embeddings = stages.embed(batch, weights === 'drawn' ? random.split('weights', done) : undefined)
      return tf.stack(losses.map(loss => loss(embeddings, batch)))
    })
    dispose(batch)
    ;(await measured.data()).forEach((value, i) => (sums[i]! += value))
    measured.dispose()
    done += 1
    onProgress?.(done, batches)
    if (done === batches) break
  }
  return { means: sums.map(sum => sum / batches), batches }
}
