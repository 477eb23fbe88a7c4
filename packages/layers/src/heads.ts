import {
  checkOptions,
  stateless,
  type Buffers,
  type Mode,
  type Params,
  type Random,
  type Shape,
  type Stage,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Block } from './block.ts'
import { chain, residualBlock } from './blocks.ts'
import { checkWhole, mostDeep } from './check-channels.ts'
import { batchNorm, normNames, normOf, type Norm, type NormName } from './norm.ts'
import { globalAveragePool } from './pool.ts'

export interface LinearOptions {
  /** Numbers for each example. */
  readonly dim: number
}

export interface ProjectorOptions {
  /** Hidden widths, then the length of the embeddings: `[256, 128]` is an MLP of two layers. */
  readonly dims: readonly number[]
  /** Whether layers add a bias. One that a normalisation follows never does: the mean would take it away again. */
  readonly bias?: boolean | undefined
  /** What stands before each ReLU. */
  readonly norm?: 'batch' | 'none' | undefined
}

export interface ConvDecoderOptions {
  /**
   * Hidden widths of the MLP, then the length of the embeddings. The paper gives 128 for the last and no hidden width.
   */
  readonly dims: readonly number[]
  /** Normalisation of the residual blocks. */
  readonly norm?: NormName | undefined
  /** Residual blocks, one behind another. */
  readonly blocks?: number | undefined
  /** Of the first block: 2 halves height and width, 1 keeps them. */
  readonly stride?: 1 | 2 | undefined
}

/** No parameters: the mean over height and width. */
export const identity = (): Stage =>
  stateless('identity', {
    init: (_, shape) => ({ params: {}, outputShape: [channelsOf('identity', shape)] }),
    apply: (_, input) => globalAveragePool(input)
  })

/**
 * The mean over height and width, then one linear layer with a bias.
 *
 * @throws RangeError if `dim` is not a whole number from 1 to 65536
 */
export function linear(options: LinearOptions): Stage {
  checkOptions<LinearOptions>('linear', options, { dim: 'number' })
  const { dim } = options
  checkDims('linear', [dim])
  return pooledInto('linear', mlp([dim]), dim)
}

/**
 * The mean over height and width, then linear layers with ReLUs between: SimCLR's projection head
 * (Chen et al. 2020, section 2.1, https://arxiv.org/abs/2002.05709), and the decoder of Greedy InfoMax in LoCo's
 * comparison.
 *
 * @throws RangeError if `dims` is empty, longer than 1000 or holds anything but whole numbers from 1 to 65536
 */
export function projector(options: ProjectorOptions): Stage {
  checkOptions<ProjectorOptions>('projector', options, {
    dims: 'list',
    bias: 'boolean',
    norm: { among: ['batch', 'none'] }
  })
  const { dims, bias = true, norm = 'none' } = options
  checkDims('projector', dims)
  return pooledInto('projector', mlp(dims, bias, norm === 'batch' ? batchNorm() : undefined), dims.at(-1)!)
}

/**
 * LoCo's decoder: a residual block that halves height and width, the mean over them, an MLP
 * (Xiong et al. 2020, section 3.2, https://arxiv.org/abs/2008.01342). Blocks keep the number of channels.
 *
 * The paper's table 4 trains each stage of a ResNet-50 by itself for 100 epochs and reads ImageNet from the top: 60.9 %
 * with the MLP alone, 63.6 with a block of `stride: 1`, 65.1 with a block as it is here by default, 65.8 with two of
 * them, and no more with a stage's worth or the full network. End-to-end reads 65.6 with one block, windows
 * of two stages 66.2. So who compares ways to isolate gives all of them the same decoder.
 *
 * @throws RangeError if `dims` is empty, longer than 1000 or holds anything but whole numbers from 1 to 65536, or
 * `blocks` is not a whole number from 1 to 1000
 */
export function convDecoder(options: ConvDecoderOptions): Stage {
  checkOptions<ConvDecoderOptions>('convDecoder', options, {
    dims: 'list',
    norm: { among: normNames },
    blocks: 'number',
    stride: { among: [1, 2] }
  })
  const { dims, norm = 'batch', blocks = 1, stride = 2 } = options
  checkDims('convDecoder', dims)
  checkWhole('convDecoder', 'blocks', blocks, mostDeep)
  const kind = normOf('convDecoder', norm)
  const blockFor = (channels: number): Block => {
    const [first, ...others] = Array.from({ length: blocks }, (_, i) =>
      residualBlock({ filters: channels, stride: i === 0 ? stride : 1, norm: kind })
    )
    return others.length === 0 ? first! : chain([first!, ...others])
  }
  const layers = mlp(dims)
  return {
    name: 'convDecoder',
    init(random, shape) {
      if (shape.length !== 3) {
        throw new Error(
          `convDecoder: expected inputs of shape [height, width, channels], got [${shape.join(', ')}]. ` +
            'Use projector for rows of numbers.'
        )
      }
      const channels = channelsOf('convDecoder', shape)
      const block = blockFor(channels).init(random.split('block'), channels)
      const { params } = layers.init(random.split('mlp'), channels)
      return { params: { block: block.params, mlp: params }, buffers: block.buffers, outputShape: [dims.at(-1)!] }
    },
    apply({ params, buffers }, input, mode) {
      const learned = params as { block: Params; mlp: Params }
      const maps = blockFor(input.shape.at(-1)!).apply({ params: learned.block, buffers }, input, mode)
      const { output } = layers.apply({ params: learned.mlp, buffers: [] }, globalAveragePool(maps.output), mode)
      return { output, buffers: maps.buffers }
    }
  }
}

/** Layers for rows of numbers, `[batch, inputs]`. */
interface Layers {
  init(random: Random, inputs: number): Variables
  apply(
    variables: Variables,
    rows: tf.Tensor2D,
    mode: Mode
  ): { readonly output: tf.Tensor2D; readonly buffers: Buffers }
}

interface LinearLayer {
  readonly weights: tf.Tensor2D
  readonly bias?: tf.Tensor1D | undefined
  readonly norm?: Params | undefined
}

const pooledInto = (name: string, layers: Layers, dim: number): Stage => ({
  name,
  init: (random, shape) => ({ ...layers.init(random, channelsOf(name, shape)), outputShape: [dim] }),
  apply: (variables, input, mode) => layers.apply(variables, globalAveragePool(input), mode)
})

/**
 * Linear layers with a normalisation, if any, and a ReLU between. Weights start with the variance 2 / inputs (He et al.
 * 2015, eq. 10).
 */
const mlp = (dims: readonly number[], bias = true, norm?: Norm): Layers => ({
  init(random, inputs) {
    const made = dims.map((outputs, i) => {
      const entering = i === 0 ? inputs : dims[i - 1]!
      const weights = random.split(i).normal([entering, outputs], 0, Math.sqrt(2 / entering))
      if (norm !== undefined && i < dims.length - 1) {
        const { params, buffers } = norm.init(outputs)
        return { params: { weights, norm: params }, buffers }
      }
      return { params: bias ? { weights, bias: tf.zeros([outputs]) } : { weights }, buffers: {} }
    })
    return {
      params: made.map(({ params }) => params),
      buffers: norm === undefined ? [] : made.map(({ buffers }) => buffers)
    }
  },
  apply({ params, buffers }, rows, mode) {
    let flow = rows
    const after = (params as readonly (Params & LinearLayer)[]).map(({ weights, bias, norm: learned }, i) => {
      flow = tf.matMul(flow, weights)
      if (bias !== undefined) flow = tf.add(flow, bias)
      if (norm !== undefined && learned !== undefined) {
        const [batch, width] = flow.shape
        const variables = { params: learned, buffers: (buffers as readonly Buffers[])[i]! }
        const result = norm.apply(variables, tf.reshape(flow, [batch, 1, 1, width]), mode, { relu: true })
        flow = tf.reshape(result.output, [batch, width])
        return result.buffers
      }
      if (i < dims.length - 1) flow = tf.relu(flow)
      return {}
    })
    return { output: flow, buffers: norm === undefined ? [] : after }
  }
})

/** Channels of feature maps `[height, width, channels]` or of rows `[channels]`. */
function channelsOf(who: string, shape: Shape): number {
  if (shape.length !== 1 && shape.length !== 3) {
    throw new Error(
      `${who}: expected inputs of shape [height, width, channels] or [channels], got [${shape.join(', ')}].`
    )
  }
  return shape.at(-1)!
}

function checkDims(who: string, dims: readonly number[]): void {
  if (!dims?.length || !dims.every(dim => Number.isInteger(dim) && dim > 0)) {
    const got = dims === undefined ? 'none' : `[${dims.join(', ')}]`
    throw new RangeError(`${who}: expected whole numbers above 0 for the layers, got ${got}. Try [128].`)
  }
  checkWhole(who, 'the number of layers', dims.length, mostDeep)
  for (const dim of dims) checkWhole(who, 'the width of a layer', dim)
}
