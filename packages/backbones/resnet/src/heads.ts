import { stateless, type Buffers, type Params, type Random, type Shape, type Stage } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { residualBlock } from './blocks.ts'
import { batchNorm, normOf } from './norm.ts'
import { globalAveragePool } from './pool.ts'

export interface LinearOptions {
  /** Numbers for each example. */
  readonly dim: number
}

export interface ProjectorOptions {
  /** Hidden widths, then the length of the embeddings: `[256, 128]` is an MLP of two layers. */
  readonly dims: readonly number[]
  readonly bias?: boolean
}

export interface DecoderOptions {
  /** Hidden widths of the MLP, then the length of the embeddings. The paper gives 128 for the last and no hidden width. */
  readonly dims: readonly number[]
  readonly norm?: 'batch' | 'group'
}

const dimAfter = (shape: Shape): number => shape.at(-1)!

/** No parameters: the mean over height and width. */
export const identity = (): Stage => stateless('identity', {
  init: (_, shape) => ({ params: {}, outputShape: [dimAfter(shape)] }),
  apply: (_, input) => globalAveragePool(input)
})

/**
 * The mean over height and width, then one linear layer.
 *
 * @throws RangeError if `dim` is not a whole number above 0
 */
export function linear({ dim }: LinearOptions): Stage {
  checkDims('linear', [dim])
  return mlp('linear', [dim], true)
}

/**
 * The mean over height and width, then linear layers with ReLUs between: SimCLR's projection head
 * (Chen et al. 2020, section 2.1, https://arxiv.org/abs/2002.05709), and the decoder of Greedy InfoMax in LoCo's comparison.
 *
 * @throws RangeError if `dims` is empty or holds anything but whole numbers above 0
 */
export function projector({ dims, bias = true }: ProjectorOptions): Stage {
  checkDims('projector', dims)
  return mlp('projector', dims, bias)
}

const mlp = (name: string, dims: readonly number[], bias: boolean): Stage => stateless(name, {
  init: (random, shape) => ({ params: layers(random, dimAfter(shape), dims, bias), outputShape: [dims.at(-1)!] }),
  apply: (params, input) => throughLayers(params as readonly Params[], globalAveragePool(input))
})

/**
 * LoCo's decoder: one residual block that halves height and width, the mean over them, an MLP
 * (Xiong et al. 2020, section 3.2, https://arxiv.org/abs/2008.01342). The block keeps the number of channels.
 *
 * @throws RangeError if `dims` is empty or holds anything but whole numbers above 0
 */
export function convDecoder({ dims, norm = 'batch' }: DecoderOptions): Stage {
  checkDims('convDecoder', dims)
  const kind = normOf('convDecoder', norm)
  const block = (filters: number): ReturnType<typeof residualBlock> => residualBlock({ filters, stride: 2, norm: kind })
  return {
    name: 'convDecoder',
    init(random, shape) {
      const channels = dimAfter(shape)
      const { params, buffers } = block(channels).init(random.split('block'), channels)
      return { params: { block: params, mlp: layers(random.split('mlp'), channels, dims, true) }, buffers, outputShape: [dims.at(-1)!] }
    },
    apply({ params, buffers }, input, mode) {
      const learned = params as { block: Params; mlp: readonly Params[] }
      const result = block(dimAfter(input.shape)).apply({ params: learned.block, buffers: buffers as Buffers }, input, mode)
      return { output: throughLayers(learned.mlp, globalAveragePool(result.output)), buffers: result.buffers }
    }
  }
}

/** Weights with the variance 2 / inputs (He et al. 2015, eq. 10), biases of zero. */
function layers(random: Random, inputs: number, dims: readonly number[], bias: boolean): Params {
  return dims.map((outputs, i) => {
    const entering = i === 0 ? inputs : dims[i - 1]!
    const weights = random.split(i).normal([entering, outputs], 0, Math.sqrt(2 / entering))
    return bias ? { weights, bias: tf.zeros([outputs]) } : { weights }
  })
}

const throughLayers = (params: readonly Params[], input: tf.Tensor2D): tf.Tensor =>
  (params as readonly { weights: tf.Tensor2D; bias?: tf.Tensor1D }[]).reduce<tf.Tensor>((x, { weights, bias }, i) => {
    const y = tf.matMul((i === 0 ? x : tf.relu(x)) as tf.Tensor2D, weights)
    return bias === undefined ? y : tf.add(y, bias)
  }, input)

function checkDims(who: string, dims: readonly number[]): void {
  if (dims.length === 0 || !dims.every(dim => Number.isInteger(dim) && dim > 0)) {
    throw new RangeError(`${who}: expected whole numbers above 0 for the layers, got [${dims.join(', ')}]. Try [128].`)
  }
}
