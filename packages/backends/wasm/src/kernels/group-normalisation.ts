import { groupNorm, groupNormGradient } from '@lapstrake/kernels'
import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import { implement, sizeOf, type Implementation } from './kernel.ts'
import { fillBlock } from './movement.ts'
import { blockRows, reduceColumns } from './reductions.ts'

/**
 * Images, pixels of one, channels; and the bytes of what two numbers for each channel of each block of an image take.
 */
function lengthsOf({ shape }: tf.TensorInfo): { images: number; pixels: number; channels: number; sums: number } {
  const [images, channels] = [shape[0]!, shape.at(-1)!]
  const pixels = sizeOf(shape.slice(1, -1))
  return { images, pixels, channels, sums: 8 * Math.ceil(pixels / blockRows) * channels }
}

const forward = implement(groupNorm, ({ x, scale, offset }, { groups, epsilon, relu }, backend) => {
  const { engine } = backend
  const { images, pixels, channels, sums } = lengthsOf(x)
  const each = sums + 4 * channels
  const perImage = [images, 1, 1, channels]
  const results = [backend.allocate(x.shape), backend.allocate(perImage), backend.allocate(perImage)] as const
  const addresses = [x, scale, offset, ...results].map(info => backend.addressOf(info))
  engine.withScratch(each * engine.threads, scratch =>
    engine.run(
      'groupNorm',
      [...addresses, pixels, channels, groups, bitsOf(epsilon), Number(relu), blockRows, scratch, each],
      images,
      6 * sizeOf(x.shape)
    )
  )
  return results
})

const gradient = implement(groupNormGradient, ({ g, x, scale, mean, inverse }, { groups }, backend) => {
  const { engine } = backend
  const { images, pixels, channels, sums } = lengthsOf(x)
  const each = sums + 12 * channels
  const [dx, dScale, dOffset] = [x.shape, [channels], [channels]].map(shape => backend.allocate(shape)) as [
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo
  ]
  const addresses = [g, x, scale, mean, inverse, dx].map(info => backend.addressOf(info))
  engine.withScratch(8 * images * channels, forScale => {
    const forOffset = forScale + 4 * images * channels
    engine.withScratch(each * engine.threads, scratch =>
      engine.run(
        'groupNormGradient',
        [...addresses, forScale, forOffset, pixels, channels, groups, blockRows, scratch, each],
        images,
        10 * sizeOf(x.shape)
      )
    )
    for (const [parts, sum] of [
      [forScale, dScale],
      [forOffset, dOffset]
    ] as const) {
      if (images === 0) fillBlock(backend, sum, 0)
      else reduceColumns(backend, 0, parts, 1, images, channels, backend.addressOf(sum), 1)
    }
  })
  return [dx, dScale, dOffset] as const
})

export const groupNormalisation: readonly Implementation[] = [forward, gradient]
