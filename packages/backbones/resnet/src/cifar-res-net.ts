import { checkOptions, type Backbone } from '@lapstrake/core'
import {
  checkWhole,
  convBlock,
  mostWide,
  normNames,
  normOf,
  residualBlock,
  stagesOf,
  type NormName
} from '@lapstrake/layers'
import { toTorchvision } from './torchvision.ts'

export interface CifarResNetOptions {
  /** Layers: 6n + 2 for n blocks in each group. */
  readonly depth?: 8 | 14 | 20 | 32 | 44 | 56 | 110 | undefined
  /** How many times 16, 32 and 64 channels the groups have. */
  readonly width?: number | undefined
  readonly norm?: NormName | undefined
  /** Start the last scale of each residual block at 0, so that the block passes its input on. */
  readonly zeroInitResidual?: boolean | undefined
  /** `groups`: one for each size of maps. `blocks`: one for each residual block, named res2a, res2b, … */
  readonly stages?: 'groups' | 'blocks' | undefined
}

/**
 * The residual networks of CIFAR-10: a 3×3 convolution, then three groups of basic blocks on maps of 32, 16 and 8
 * pixels (He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385), the students and teachers of contrastive
 * representation distillation (Tian et al. 2020, https://arxiv.org/abs/1910.10699): its resnet20 is `{ depth: 20 }`,
 * its resnet8x4 `{ depth: 8, width: 4 }`. Three stages, the first with the stem in it, or one for each block.
 *
 * As there, the stem has 16 channels, or 32 where the groups are wider, and a 1×1 projection with a normalisation
 * stands on a shortcut whose shape changes, where He et al. pad with zeros.
 *
 * @throws TypeError for an unknown depth, norm or cut
 * @throws RangeError unless the width is a whole number from 1 to 1024
 */
export function cifarResNet(options: CifarResNetOptions = {}): Backbone {
  checkOptions<CifarResNetOptions>('cifarResNet', options, {
    depth: { among: [8, 14, 20, 32, 44, 56, 110] },
    width: 'number',
    norm: { among: normNames },
    zeroInitResidual: 'boolean',
    stages: { among: ['groups', 'blocks'] }
  })
  const { depth = 20, width = 1, norm = 'batch', zeroInitResidual = false, stages = 'groups' } = options
  checkWhole('cifarResNet', 'width', width, mostWide / 64)
  const kind = normOf('cifarResNet', norm)
  const stem = convBlock({ filters: width === 1 ? 16 : 32, norm: kind })
  return {
    name: `resnet${depth}${width === 1 ? '' : `x${width}`}`,
    stateDict: toTorchvision,
    stages: [16, 32, 64].flatMap((channels, i) => {
      const blocks = Array.from({ length: (depth - 2) / 6 }, (_, b) => {
        const isFirst = b === 0
        const block = residualBlock({
          filters: width * channels,
          stride: i > 0 && isFirst ? 2 : 1,
          norm: kind,
          zeroInit: zeroInitResidual
        })
        return i === 0 && isFirst ? [stem, block] : [block]
      })
      return stagesOf(`res${i + 2}`, blocks, stages)
    })
  }
}
