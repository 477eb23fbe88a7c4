import {
  adamW,
  convNet,
  ntXent,
  projector,
  shapes,
  simclr,
  twoViews,
  warmupCosine,
  type Data,
  type Experiment,
  type ImageDataset
} from 'lapstrake'
import { depth, lanes, steps } from './lanes.ts'

/** Images whose class is a matter of form: the outline, whatever its color, texture, place, size and turn. */
export const data: Data<ImageDataset> = shapes({ limit: 4000, tests: 1000 })

const widths = [16, 16, 32, 32, 64, 64]

/** One experiment; nothing but where gradients stop differs from lane to lane. */
export const contestants: readonly Experiment[] = lanes.map(({ name, isolation }) => ({
  name,
  isolation,
  data,
  batchSize: 64,
  epochs: Infinity,
  views: twoViews(simclr({ size: 28, preset: 'cifar', leastArea: 0.4 })),
  backbone: convNet({ widths, strides: Array.from({ length: depth }, (_, i) => (i % 2 === 0 ? 2 : 1)), layers: 1 }),
  head: () => projector({ dims: [128, 64] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 3e-3, warmup: 20, total: steps }) })
}))
