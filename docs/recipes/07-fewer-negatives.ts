import { adamW, cacr, convNet, warmupCosine, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'

/** SimCLR's recipe with batches of `batchSize`, and so with fewer negatives; the steps per epoch grow as the batch shrinks. */
const within = (batchSize: number, name: string, change: Partial<Experiment> = {}): Experiment => ({
  ...simclr, ...change, batchSize, epochs: 4, backbone: convNet({ widths: [16, 32, 64, 64], strides: [2, 2, 2, 1], layers: 1 }),
  name: `${name}-${batchSize}`,
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 4 * Math.floor(10_000 / batchSize) }) })
})

/**
 * CACR (Zheng et al. 2021) weighs negatives by their distance, and so should need fewer than NT-Xent: 255 against 31 other examples.
 *
 *     npm run --silent study -- docs/recipes/07-fewer-negatives.ts
 */
const recipe: Experiment = within(32, 'cacr', { loss: () => cacr({ negativeTemperature: 0.9 }) })

export const against: readonly Experiment[] = [
  within(256, 'ntxent'), within(32, 'ntxent'), within(256, 'cacr', { loss: () => cacr({ negativeTemperature: 0.9 }) })
]

export default recipe
