import { dispose, loader, seeded, type Dataset, type Experiment } from 'lapstrake'
import type * as tf from '@tensorflow/tfjs-core'
import type { RunEvent } from '../protocol.ts'
import { rgba } from './rgba.ts'

/**
 * The first examples of a run's first batch as the network sees them; views of other sizes than the first are left out.
 */
export async function firstViews(
  { views, batchSize, sampler }: Experiment,
  dataset: Dataset,
  seed: number
): Promise<Extract<RunEvent, { kind: 'views' }> | undefined> {
  const source = loader(dataset, {
    batchSize,
    random: seeded(seed).split('data'),
    views,
    sampler,
    ahead: 0
  })
  for await (const { batch } of source.batches()) {
    const [, height, width, channels] = batch.views[0].shape as [number, number, number, number]
    const alike = (batch.views as readonly tf.Tensor[]).filter(
      view => view.shape.join() === batch.views[0].shape.join()
    )
    const pixels = await Promise.all(alike.map(view => view.data()))
    dispose(batch)
    if (channels !== 1 && channels !== 3) return undefined
    const examples = Array.from({ length: Math.min(8, batchSize) }, (_, example) =>
      pixels.map(values =>
        rgba(
          values.subarray(example * height * width * channels, (example + 1) * height * width * channels),
          channels,
          255
        )
      )
    )
    return { kind: 'views', height, width, examples }
  }
  return undefined
}
