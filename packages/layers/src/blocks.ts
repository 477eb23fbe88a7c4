import { checkOptions, type Buffers, type Params, type Variables } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { isBlock, type Block } from './block.ts'
import { checkWhole } from './check-channels.ts'
import { convBlock } from './conv-block.ts'
import { checkNorm, type Norm } from './norm.ts'
import { reluOfSum } from './relu.ts'
import { sumOf } from './sum.ts'

/**
 * Blocks one after another; each takes the channels that the one before it gives.
 *
 * @throws RangeError if there are none
 * @throws TypeError for what is no list of blocks
 */
export function chain(blocks: readonly Block[]): Block {
  if (!Array.isArray(blocks) || !blocks.every(isBlock))
    throw new TypeError(
      'chain: expected a list of blocks, as in chain([convBlock({ filters: 32, norm: batchNorm() })]).'
    )
  const last = blocks.at(-1)
  if (last === undefined) throw new RangeError('chain: expected at least one block, got none.')
  return {
    filters: last.filters,
    lengthAfter: length => blocks.reduce((before, { lengthAfter }) => lengthAfter(before), length),
    init(random, channels) {
      let entering = channels
      const made = blocks.map((block, i) => {
        const variables = block.init(random.split(i), entering)
        entering = block.filters
        return variables
      })
      return { params: made.map(({ params }) => params), buffers: made.map(({ buffers }) => buffers) }
    },
    apply(variables, input, mode) {
      let flow = input
      const buffers = blocks.map((block, i) => {
        const result = block.apply(part(variables, String(i)), flow, mode)
        flow = result.output
        return result.buffers
      })
      return { output: flow, buffers }
    }
  }
}

export interface ResidualBlockOptions {
  /** Channels that come out. */
  readonly filters: number
  readonly stride?: number | undefined
  readonly norm: Norm
  /**
   * 1×1, 3×3, 1×1 with a quarter of the filters inside, stride on the 3×3 (torchvision's ResNet 1.5); two 3×3
   * otherwise.
   */
  readonly bottleneck?: boolean | undefined
  /** Start as the shortcut alone: the last scale is 0. */
  readonly zeroInit?: boolean | undefined
}

/**
 * A residual block (He et al. 2016, figure 5, https://arxiv.org/abs/1512.03385), with a 1×1 projection where shapes
 * change. A stride of two halves height and width upwards.
 *
 * @throws RangeError if filters or stride are not whole numbers from 1 to 65536, or a bottleneck's filters not a
 * multiple of 4
 */
export function residualBlock(options: ResidualBlockOptions): Block {
  checkOptions<ResidualBlockOptions>('residualBlock', options, {
    filters: 'number',
    stride: 'number',
    norm: 'record',
    bottleneck: 'boolean',
    zeroInit: 'boolean'
  })
  const { filters, stride = 1, norm, bottleneck = false, zeroInit = false } = options
  checkNorm('residualBlock', norm)
  for (const [name, value] of Object.entries({ filters, stride })) checkWhole('residualBlock', name, value)
  if (bottleneck && filters % 4 !== 0)
    throw new RangeError(`residualBlock: expected filters that are a multiple of 4, got ${filters}. Try 64.`)
  const inner = filters / 4
  const last = { filters, norm, relu: false, scale: zeroInit ? 0 : 1 }
  const body = chain(
    bottleneck
      ? [
          convBlock({ filters: inner, size: 1, norm }),
          convBlock({ filters: inner, stride, norm }),
          convBlock({ ...last, size: 1 })
        ]
      : [convBlock({ filters, stride, norm }), convBlock(last)]
  )
  return residual({
    body,
    projection: convBlock({ filters, stride, size: 1, norm, relu: false }),
    resizes: stride !== 1
  })
}

/** What {@link residual} puts together. */
export interface ResidualOptions {
  /** What learns the residue. */
  readonly body: Block
  /** Takes the place of the shortcut where shapes change. */
  readonly projection: Block
  /** Whether height and width change. */
  readonly resizes: boolean
  /** Whether a ReLU follows. */
  readonly relu?: boolean | undefined
}

/**
 * A body and a shortcut past it, added, and, unless told otherwise, a ReLU. The shortcut is the input itself where the
 * body keeps its shape, the projection otherwise.
 *
 * @throws RangeError if body and projection give different numbers of channels
 * @throws TypeError if one of them is no block
 */
export function residual(options: ResidualOptions): Block {
  checkOptions<ResidualOptions>('residual', options, {
    body: 'record',
    projection: 'record',
    resizes: 'boolean',
    relu: 'boolean'
  })
  const { body, projection, resizes, relu = true } = options
  const join = relu ? reluOfSum : sumOf
  if (!isBlock(body) || !isBlock(projection))
    throw new TypeError('residual: expected a body and a projection that are blocks, as convBlock() is.')
  if (body.filters !== projection.filters) {
    throw new RangeError(
      `residual: expected a body and a projection that give as many channels, ` +
        `got ${body.filters} and ${projection.filters}.`
    )
  }
  return {
    filters: body.filters,
    lengthAfter: body.lengthAfter,
    init(random, channels) {
      const main = body.init(random.split('body'), channels)
      const skip =
        !resizes && channels === body.filters
          ? { params: {}, buffers: {} }
          : projection.init(random.split('skip'), channels)
      return { params: { body: main.params, skip: skip.params }, buffers: { body: main.buffers, skip: skip.buffers } }
    },
    apply(variables, input, mode) {
      const main = body.apply(part(variables, 'body'), input, mode)
      const shortcut = part(variables, 'skip')
      const skip =
        Object.keys(shortcut.params).length === 0
          ? { output: input, buffers: {} }
          : projection.apply(shortcut, input, mode)
      return {
        output: join(main.output as tf.Tensor4D, skip.output as tf.Tensor4D),
        buffers: { body: main.buffers, skip: skip.buffers }
      }
    }
  }
}

type Named<T> = Readonly<Record<string, T>>
const part = ({ params, buffers }: Variables, name: string): Variables => ({
  params: (params as Named<Params>)[name]!,
  buffers: (buffers as Named<Buffers>)[name]!
})
