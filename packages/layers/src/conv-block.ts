import { checkOptions, type Params } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import type { Block } from './block.ts'
import { checkWhole } from './check-channels.ts'
import { convolutionKernel, convolve, strided } from './convolution.ts'
import { convolveInGroups } from './grouped-convolution.ts'
import { checkNorm, type Norm } from './norm.ts'

export interface ConvolutionOptions {
  /** Channels that come out. */
  readonly filters: number
  readonly stride?: number | undefined
  /** Height and width of the kernel, odd. */
  readonly size?: number | undefined
  /** Each group of channels is convolved by itself; without a stride. */
  readonly groups?: number | undefined
}

export interface ConvBlockOptions extends ConvolutionOptions {
  readonly norm: Norm
  /** Whether a ReLU follows. */
  readonly relu?: boolean | undefined
  /** What the normalisation's scale starts with. */
  readonly scale?: number | undefined
}

const kinds = { filters: 'number', stride: 'number', size: 'number', groups: 'number' } as const

/**
 * Convolution without bias, normalisation and, unless told otherwise, a ReLU. Padded alike on all sides as in PyTorch,
 * so that maps keep their size, or halve it upwards with a stride of two. Kernels
 * `[size, size, channels / groups, filters]` start with the variance 2 · groups / (size² · filters)
 * (He et al. 2015, eq. 14, https://arxiv.org/abs/1502.01852).
 *
 * @throws RangeError if a number is not a whole one from 1 to 65536, the size is even, groups do not divide the filters
 * or come with a stride and, at `init`, if they do not divide the channels
 * @throws TypeError without a normalisation
 */
export function convBlock(options: ConvBlockOptions): Block {
  checkOptions<ConvBlockOptions>('convBlock', options, { ...kinds, norm: 'record', relu: 'boolean', scale: 'number' })
  const { norm, relu = true, scale = 1 } = options
  checkNorm('convBlock', norm)
  const bare = convolutionOf('convBlock', options)
  return {
    ...bare,
    init(random, channels) {
      const { kernel } = bare.init(random, channels).params as { kernel: tf.Tensor }
      const { params, buffers } = norm.init(bare.filters, scale)
      return { params: { kernel, norm: params }, buffers }
    },
    apply({ params, buffers }, input, mode) {
      const { kernel, norm: learned } = params as { kernel: tf.Tensor; norm: Params }
      const { output } = bare.apply({ params: { kernel }, buffers: {} }, input, mode)
      return norm.apply({ params: learned, buffers }, output, mode, { relu })
    }
  }
}

/**
 * The convolution of a {@link convBlock} with nothing behind it, for networks that normalise before they convolve.
 *
 * @throws RangeError as convBlock does
 */
export function convolution(options: ConvolutionOptions): Block {
  checkOptions<ConvolutionOptions>('convolution', options, kinds)
  return convolutionOf('convolution', options)
}

function convolutionOf(who: string, { filters, stride = 1, size = 3, groups = 1 }: ConvolutionOptions): Block {
  for (const [name, value] of Object.entries({ filters, stride, size, groups })) checkWhole(who, name, value)
  if (size % 2 === 0)
    throw new RangeError(`${who}: expected an odd size, which pads alike on all sides, got ${size}. Try ${size + 1}.`)
  if (groups > 1 && stride > 1) {
    throw new RangeError(
      `${who}: expected no stride with groups, got a stride of ${stride} and ${groups} groups. ` +
        'Put maxPool or interpolated before it.'
    )
  }
  checkDivides(who, groups, filters, 'filters')
  return {
    filters,
    lengthAfter: length => strided(length, stride),
    init(random, channels) {
      checkDivides(who, groups, channels, 'channels')
      return { params: { kernel: convolutionKernel(random, size, channels, filters, groups) }, buffers: {} }
    },
    apply({ params }, input) {
      const { kernel } = params as { kernel: tf.Tensor4D }
      return {
        output: groups === 1 ? convolve(input, kernel, stride) : convolveInGroups(input as tf.Tensor4D, kernel, groups),
        buffers: {}
      }
    }
  }
}

function checkDivides(who: string, groups: number, count: number, what: string): void {
  if (count % groups !== 0) throw new RangeError(`${who}: expected groups that divide ${count} ${what}, got ${groups}.`)
}
