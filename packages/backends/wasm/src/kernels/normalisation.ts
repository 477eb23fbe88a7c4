import { batchNormGradient, channelMoments } from '@lapstrake/kernels'
import type * as tf from '@tensorflow/tfjs-core'
import { blockRows, reduceColumns } from './reductions.ts'
import {
  call,
  implement,
  instead,
  isFloat,
  sizeOf,
  vectors,
  type Implementation,
  type Native,
  type Natives
} from './kernel.ts'

const moments = implement(channelMoments, ({ x }, _, backend) => {
  const channels = x.shape.at(-1)!
  const rows = sizeOf(x.shape) / channels
  const [mean, variance] = [backend.allocate([channels]), backend.allocate([channels])]
  const blocks = Math.ceil(rows / blockRows)
  backend.engine.withScratch(8 * blocks * channels, partial => {
    backend.engine.run(
      'blockMoments',
      [backend.addressOf(x), partial, rows, channels, blockRows],
      blocks,
      3 * rows * channels
    )
    backend.engine.run(
      'joinMoments',
      [partial, backend.addressOf(mean), backend.addressOf(variance), rows, channels, blockRows],
      vectors(channels),
      4 * blocks * channels
    )
  })
  return [mean, variance] as const
})

/**
 * With `x̂ = (x − mean) · inverse` and the moments those of `x` itself:
 * `scale · inverse · (g − mean(g) − x̂ · mean(g · x̂))`, `Σ g · x̂` and `Σ g`.
 */
const gradient = implement(batchNormGradient, ({ g, x, scale, mean, inverse }, _, backend) => {
  const { engine } = backend
  const channels = x.shape.at(-1)!
  const rows = sizeOf(x.shape) / channels
  const blocks = Math.ceil(rows / blockRows)
  const [dx, dScale, dOffset] = [backend.allocate(x.shape), backend.allocate([channels]), backend.allocate([channels])]
  const at = (info: tf.TensorInfo): number => backend.addressOf(info)
  const addresses = [g, x, scale, mean, inverse, dx, dScale, dOffset].map(at) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number
  ]
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
        floats[coefficients / 4 + channels + c] = (-factor * unit * sumGUnit) / rows
        floats[coefficients / 4 + 2 * channels + c] = sumG / rows
        floats[dScaleAt / 4 + c] = sumGUnit
        floats[dOffsetAt / 4 + c] = sumG
      }
      engine.run(
        'affineOfTwo',
        [gAt, xAt, coefficients, coefficients + 4 * channels, coefficients + 8 * channels, meanAt, dxAt, channels],
        rows,
        4 * rows * channels
      )
    })
  })
  return [dx, dScale, dOffset] as const
})

/** With moments that are known: `scale · (x − mean) / √(variance + ε) + offset`, along the last axis. */
const known: Native = given => {
  const { inputs, attrs, backend } = given
  const { x, mean, variance, offset, scale } = inputs as Record<'x' | 'mean' | 'variance', tf.TensorInfo> &
    Partial<Record<'offset' | 'scale', tf.TensorInfo>>
  const { varianceEpsilon = 0.001 } = attrs as { varianceEpsilon?: number | undefined }
  const channels = x.shape.at(-1)!
  const size = sizeOf(x.shape)
  const alike = [mean, variance, offset, scale].every(
    info => info === undefined || (info.shape.length === 1 && info.shape[0] === channels)
  )
  if (!isFloat(x, mean, variance, offset, scale) || !alike || size === 0) return undefined
  const { engine } = backend
  // Before they are scaled, for digits.
  const centred = call('Sub', given, { a: x, b: mean })
  const result = backend.allocate(x.shape)
  const [varianceAt, centredAt, resultAt] = [variance, centred, result].map(info => backend.addressOf(info)) as [
    number,
    number,
    number
  ]
  const offsetAt = offset ? backend.addressOf(offset) : engine.zeros(channels + 4)
  const scaleAt = scale && backend.addressOf(scale)
  engine.withScratch(4 * channels, factors => {
    const { floats } = engine
    for (let c = 0; c < channels; c++)
      floats[factors / 4 + c] =
        (scaleAt === undefined ? 1 : floats[scaleAt / 4 + c]!) /
        Math.sqrt(floats[varianceAt / 4 + c]! + varianceEpsilon)
    engine.run('affine', [centredAt, factors, offsetAt, resultAt, channels, 0], size / channels, 2 * size)
  })
  return instead(given, centred, result)
}

export const batchNormalisation: readonly Implementation[] = [moments, gradient]

export const normalisation: Natives = { FusedBatchNorm: known }
