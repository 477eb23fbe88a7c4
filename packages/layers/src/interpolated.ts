import type * as tf from '@tensorflow/tfjs-core'
import type { Block } from './block.ts'
import { checkChannels } from './check-channels.ts'
import { resize } from './resize.ts'

/**
 * Height and width times `ratio`, rounded, one pixel at least, by bilinear interpolation as PyTorch's `interpolate` has
 * it with `align_corners=False`. For maps of `filters` channels, which stay.
 *
 * @throws RangeError if `ratio` is not above 0 and, at `init`, if the maps have other than `filters` channels
 */
export function interpolated(filters: number, ratio: number): Block {
  if (!(ratio > 0 && ratio < Infinity))
    throw new RangeError(`interpolated: expected a ratio above 0, got ${ratio}. Try 0.5, which halves the maps.`)
  const lengthAfter = (length: number): number => Math.max(1, Math.round(length * ratio))
  return {
    filters,
    lengthAfter,
    init(_, channels) {
      checkChannels('interpolated', filters, channels)
      return { params: {}, buffers: {} }
    },
    apply: (_, input) => ({
      output: resize(input as tf.Tensor4D, lengthAfter(input.shape[1]!), lengthAfter(input.shape[2]!)),
      buffers: {}
    })
  }
}
