import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import { sizeOf, type Native, type Natives } from './kernel.ts'
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

/**
 * Normalised maps and a ReLU if wanted, with mean and inverse deviation `[batch, 1, 1, channels]` of each channel's
 * group in each image.
 */
const groupNorm: Native = ({ inputs, attrs, backend }) => {
  const { x, scale, offset } = inputs as Record<'x' | 'scale' | 'offset', tf.TensorInfo>
  const { groups, epsilon, relu } = attrs as Record<string, number>
  const { engine } = backend
  const { images, pixels, channels, sums } = lengthsOf(x)
  const each = sums + 4 * channels
  const results = [x.shape, [images, 1, 1, channels], [images, 1, 1, channels]].map(shape => backend.allocate(shape))
  const addresses = [x, scale, offset, ...results].map(info => backend.addressOf(info))
  engine.withScratch(each * engine.threads, scratch =>
    engine.run(
      'groupNorm',
      [...addresses, pixels, channels, groups!, bitsOf(epsilon!), Number(relu), blockRows, scratch, each],
      images,
      6 * sizeOf(x.shape)
    )
  )
  return results
}

/** What arrives at {@link groupNorm} on its way to the input, the scale and the offset. */
const gradient: Native = ({ inputs, attrs, backend }) => {
  const { g, x, scale, mean, inverse } = inputs as Record<'g' | 'x' | 'scale' | 'mean' | 'inverse', tf.TensorInfo>
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
        [...addresses, forScale, forOffset, pixels, channels, attrs.groups as number, blockRows, scratch, each],
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
  return [dx, dScale, dOffset]
}

/** As `groupNorm` of `@lapstrake/layers` asks for them. */
export const groupNormalisation: Natives = { GroupNorm: groupNorm, GroupNormGradient: gradient }
