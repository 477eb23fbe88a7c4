import { checkOptions, type Backbone } from '@lapstrake/core'
import {
  checkWhole,
  convBlock,
  maxPool,
  mostWide,
  normNames,
  normOf,
  residualBlock,
  stagesOf,
  type Block,
  type Norm,
  type NormName
} from '@lapstrake/layers'
import { toTorchvision } from './torchvision.ts'

export interface ResNetOptions {
  readonly depth?: 18 | 34 | 50 | undefined
  /**
   * `cifar`: one 3×3 convolution, for images of about 32 pixels. `imagenet`: 7×7 with stride 2 and a max-pool, for
   * about 224.
   */
  readonly stem?: 'cifar' | 'imagenet' | undefined
  readonly norm?: NormName | undefined
  /** Channels of the first stage; 64 in the paper. */
  readonly width?: number | undefined
  /**
   * Start the last scale of each residual block at 0, so that the block passes its input on
   * (Goyal et al. 2017, section 5.1, https://arxiv.org/abs/1706.02677). Otherwise at 1, as torchvision does.
   */
  readonly zeroInitResidual?: boolean | undefined
  /**
   * `groups`: one for each size of maps. `blocks`: one for each residual block, named as in the authors' models: res2a,
   * res2b, …
   */
  readonly stages?: 'groups' | 'blocks' | undefined
}

/** The options that say which network it is, and not how its weights begin. */
export const architecture = {
  depth: { among: [18, 34, 50] },
  stem: { among: ['cifar', 'imagenet'] },
  norm: { among: normNames as readonly NormName[] },
  stages: { among: ['groups', 'blocks'] }
} as const

const blocksOf = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3] } as const

/**
 * A residual network of four stages, the first with the stem in it, cut as in LoCo: conv1 + res2, res3, res4, res5; or
 * with each residual block a stage of its own, as finer local learning wants it (He et al. 2016, table 1,
 * https://arxiv.org/abs/1512.03385; Xiong et al. 2020, section 3.1, https://arxiv.org/abs/2008.01342). Depth 50 strides
 * on the 3×3 convolutions, as torchvision does. Kernels start with the variance 2 / (size² · filters).
 *
 * @throws TypeError for an unknown depth, stem, norm or cut
 * @throws RangeError unless the width is a whole number from 1 to 2048
 */
export function resNet(options: ResNetOptions = {}): Backbone {
  checkOptions<ResNetOptions>('resNet', options, { ...architecture, width: 'number', zeroInitResidual: 'boolean' })
  const {
    depth = 18,
    stem = 'cifar',
    norm = 'batch',
    width = 64,
    zeroInitResidual = false,
    stages = 'groups'
  } = options
  const counts = blocksOf[depth]
  if (!Number.isInteger(width) || width < 1)
    throw new RangeError(`resNet: expected a width of 1 or more, got ${width}. Try 64.`)
  // So that the last stage of a ResNet-50 is no wider than it may be.
  checkWhole('resNet', 'width', width, mostWide / 32)
  const kind = normOf('resNet', norm)
  const bottleneck = depth === 50
  return {
    name: `resNet-${depth}`,
    stateDict: toTorchvision,
    stages: counts.flatMap((count, i) => {
      const filters = width * 2 ** i * (bottleneck ? 4 : 1)
      const before = i === 0 ? stemOf(stem, width, kind) : []
      const blocks = Array.from({ length: count }, (_, b) => {
        const stride = i > 0 && b === 0 ? 2 : 1
        const block = residualBlock({ filters, stride, norm: kind, bottleneck, zeroInit: zeroInitResidual })
        return b === 0 ? [...before, block] : [block]
      })
      return stagesOf(`res${i + 2}`, blocks, stages)
    })
  }
}

/** What comes before the residual blocks. */
export const stemOf = (stem: 'cifar' | 'imagenet', filters: number, norm: Norm): readonly Block[] =>
  stem === 'cifar'
    ? [convBlock({ filters, norm })]
    : [convBlock({ filters, size: 7, stride: 2, norm }), maxPool(filters)]
