import type * as tf from '@tensorflow/tfjs-core'
import { blockRows, reduceColumns } from './reductions.ts'
import { sizeOf, vectors, type Native, type Natives } from './kernel.ts'

/** Mean and biased variance of each channel, over all axes but the last. */
const moments: Native = ({ inputs, backend }) => {
  const x = inputs.x!
  const channels = x.shape.at(-1)!
  const rows = sizeOf(x.shape) / channels
  const [mean, variance] = [backend.allocate([channels]), backend.allocate([channels])]
  const blocks = Math.ceil(rows / blockRows)
  backend.engine.withScratch(8 * blocks * channels, partial => {
    backend.engine.run('blockMoments', [backend.addressOf(x), partial, rows, channels, blockRows], blocks, 3 * rows * channels)
    backend.engine.run('joinMoments', [partial, backend.addressOf(mean), backend.addressOf(variance), rows, channels, blockRows], vectors(channels), 4 * blocks * channels)
  })
  return [mean, variance]
}

/**
 * What arrives at `scale · x̂ + offset` on its way to the input, the scale and the offset, with `x̂ = (x − mean) · inverse` and the moments
 * those of `x` itself: `scale · inverse · (g − mean(g) − x̂ · mean(g · x̂))`, `Σ g · x̂` and `Σ g`.
 */
const gradient: Native = ({ inputs, backend }) => {
  const { g, x, scale, mean, inverse } = inputs as Record<'g' | 'x' | 'scale' | 'mean' | 'inverse', tf.TensorInfo>
  const { engine } = backend
  const channels = x.shape.at(-1)!
  const rows = sizeOf(x.shape) / channels
  const blocks = Math.ceil(rows / blockRows)
  const [dx, dScale, dOffset] = [backend.allocate(x.shape), backend.allocate([channels]), backend.allocate([channels])]
  const at = (info: tf.TensorInfo): number => backend.addressOf(info)
  const addresses = [g, x, scale, mean, inverse, dx, dScale, dOffset].map(at) as [number, number, number, number, number, number, number, number]
  const [gAt, xAt, scaleAt, meanAt, inverseAt, dxAt, dScaleAt, dOffsetAt] = addresses
  engine.withScratch(8 * (blocks + 1) * channels, partial => {
    engine.run('sumsOfProducts', [gAt, xAt, partial, rows, channels, meanAt, blockRows], blocks, 4 * rows * channels)
    const total = partial + 8 * blocks * channels
    reduceColumns(backend, 0, partial, 1, blocks, 2 * channels, total, 1)
    engine.withScratch(12 * channels, coefficients => {
      const { floats } = engine
      for (let c = 0; c < channels; c++) {
        const unit = floats[inverseAt / 4 + c]!
        const sumG = floats[total / 4 + c]!
        const sumGUnit = floats[total / 4 + channels + c]! * unit
        const factor = floats[scaleAt / 4 + c]! * unit
        floats[coefficients / 4 + c] = factor
        floats[coefficients / 4 + channels + c] = -factor * unit * sumGUnit / rows
        floats[coefficients / 4 + 2 * channels + c] = sumG / rows
        floats[dScaleAt / 4 + c] = sumGUnit
        floats[dOffsetAt / 4 + c] = sumG
      }
      engine.run('affineOfTwo', [gAt, xAt, coefficients, coefficients + 4 * channels, coefficients + 8 * channels, meanAt, dxAt, channels], rows, 4 * rows * channels)
    })
  })
  return [dx, dScale, dOffset]
}

/** Kernels that TensorFlow.js has no name for; the project's own functions ask for them where they are. */
export const normalisation: Natives = { ChannelMoments: moments, BatchNormGradient: gradient }
