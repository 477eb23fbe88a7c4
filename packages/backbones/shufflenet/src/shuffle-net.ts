import { checkOptions, type Backbone } from '@lapstrake/core'
import {
  convBlock,
  maxPool,
  normNames,
  normOf,
  stagesOf,
  toStateDict,
  type Block,
  type Norm,
  type NormName
} from '@lapstrake/layers'
import { shuffleUnit } from './shuffle-unit.ts'
import { named } from './torchvision.ts'

export interface ShuffleNetOptions {
  /** As the paper has them: 0.5×, 1×, 1.5× or 2×. */
  readonly width?: 0.5 | 1 | 1.5 | 2 | undefined
  /**
   * `cifar`: one 3×3 convolution, for images of about 32 pixels. `imagenet`: 3×3 with stride 2 and a max-pool, for
   * about 224.
   */
  readonly stem?: 'cifar' | 'imagenet' | undefined
  readonly norm?: NormName | undefined
  /**
   * `groups`: one for each size of maps, stage2, stage3 and stage4. `blocks`: one for each unit, stage2a, stage2b, …
   */
  readonly stages?: 'groups' | 'blocks' | undefined
}

/** What each option may be. */
export const architecture = {
  width: { among: [0.5, 1, 1.5, 2] },
  stem: { among: ['cifar', 'imagenet'] },
  norm: { among: normNames as readonly NormName[] },
  stages: { among: ['groups', 'blocks'] }
} as const

/** Channels of stages 2, 3 and 4, and of the convolution behind them. */
const widths = {
  0.5: [48, 96, 192, 1024],
  1: [116, 232, 464, 1024],
  1.5: [176, 352, 704, 1024],
  2: [244, 488, 976, 2048]
} as const

/** Units of stages 2, 3 and 4. */
const counts = [4, 8, 4] as const

/** Channels of the stem. */
const entering = 24

/**
 * ShuffleNet v2: units that convolve half of their channels, each channel by itself where the kernel is wide, and
 * shuffle both halves (Ma et al. 2018, figure 3 and table 5, https://arxiv.org/abs/1807.11164). Three stages, the first
 * with the stem in it and the last with the 1×1 convolution that ends the network, or one for each unit, 16 in all. A
 * ResNet-18 has five times as many parameters as one of width 1, and does twelve times its work at 224 pixels.
 *
 * @throws TypeError for an unknown width, stem, norm or cut
 */
export function shuffleNet(options: ShuffleNetOptions = {}): Backbone {
  checkOptions<ShuffleNetOptions>('shuffleNet', options, architecture)
  const { width = 1, stem = 'cifar', norm = 'batch', stages = 'groups' } = options
  const kind = normOf('shuffleNet', norm)
  const last = widths[width][3]
  return {
    name: `shuffleNet-${width}`,
    stateDict: variables => toStateDict('shuffleNet', variables, named),
    stages: counts.flatMap((count, i) => {
      const filters = widths[width][i]!
      const isLast = i === counts.length - 1
      const units = Array.from({ length: count }, (_, u) => [
        ...(i === 0 && u === 0 ? stemOf(stem, kind) : []),
        shuffleUnit({ entering: u > 0 ? filters : i > 0 ? widths[width][i - 1]! : entering, filters, norm: kind }),
        ...(isLast && u === count - 1 ? [convBlock({ filters: last, size: 1, norm: kind })] : [])
      ])
      return stagesOf(`stage${i + 2}`, units, stages)
    })
  }
}

const stemOf = (stem: 'cifar' | 'imagenet', norm: Norm): readonly Block[] =>
  stem === 'cifar'
    ? [convBlock({ filters: entering, norm })]
    : [convBlock({ filters: entering, stride: 2, norm }), maxPool(entering)]
