import * as tf from '@tensorflow/tfjs-core'
import { adamW, cacr, convNet, ntXent, warmupCosine, type Experiment, type Loss, type Views } from 'lapstrake'
import simclr from './01-simclr.ts'

/** A loss whose rows meet only the others of their group; images, steps and gradients per step stay the same. */
const amongGroupsOf =
  (size: number, loss: Loss): Loss =>
  (views, batch) => {
    const rows = views[0].shape[0]
    const starts = Array.from({ length: Math.ceil(rows / size) }, (_, group) => group * size)
    const losses = starts.map(start =>
      loss(
        views.map(view => tf.slice(view, start, Math.min(size, rows - start))) as unknown as Views<tf.Tensor2D>,
        batch
      )
    )
    return tf.div(tf.addN(losses), starts.length)
  }

/** SimCLR's recipe in batches of 256, compared with all or within groups. */
const among = (size: number, name: string, loss: () => Loss): Experiment => ({
  ...simclr,
  batchSize: 256,
  epochs: 4,
  backbone: convNet({ widths: [16, 32, 64, 64], strides: [2, 2, 2, 1], layers: 1 }),
  name: `${name}-${size}`,
  loss: () => amongGroupsOf(size, loss()),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 4 * Math.floor(10_000 / 256) }) })
})

const contrasted = (): Loss => cacr({ negativeTemperature: 0.9 })

/**
 * CACR (Zheng et al. 2021) weighs negatives by their distance, and so should need fewer than NT-Xent: 255 against 31
 * other examples.
 *
 *     npm run --silent study:recipe -- docs/recipes/07-fewer-negatives.ts
 */
const recipe: Experiment = among(32, 'cacr', contrasted)

export const against: readonly Experiment[] = [
  among(256, 'ntxent', () => ntXent({ temperature: 0.2 })),
  among(32, 'ntxent', () => ntXent({ temperature: 0.2 })),
  among(256, 'cacr', contrasted)
]

export default recipe
