import { checkOptions, type Backbone } from '@lapstrake/core'
import {
  chain,
  checkWhole,
  convBlock,
  interpolated,
  normNames,
  normOf,
  residual,
  stageOf,
  type Block,
  type Norm,
  type NormName
} from '@lapstrake/layers'
import { stemOf } from './res-net.ts'

export interface PResNet50Options {
  /**
   * `imagenet`: 7×7 with stride 2 and a max-pool, for images of about 224 pixels. `cifar`: one 3×3 convolution, for
   * about 32.
   */
  readonly stem?: 'cifar' | 'imagenet' | undefined
  readonly norm?: NormName | undefined
  /** Channels of the first stage, a multiple of 7; 56 in the paper. The others follow in its proportions. */
  readonly width?: number | undefined
  /** Start the last scale of each residual block at 0, so that the block passes its input on. */
  readonly zeroInitResidual?: boolean | undefined
}

interface Plan {
  /** Sevenths of the width: channels of the inner convolutions. */
  readonly sevenths: number
  /** Height and width that leave, for each that enters. */
  readonly ratio: number
  readonly bottleneck: boolean
  readonly groups: number
  /** How many blocks, from the first, end in a 1×1 over all groups. */
  readonly mixing: number
}

// 56, 36, 24, 16, 12, 8 pixels of an image of 224; 56, 96, 144, 256, 512, 1024 channels.
const plans: readonly Plan[] = [
  { sevenths: 7, ratio: 1, bottleneck: false, groups: 1, mixing: 3 },
  { sevenths: 12, ratio: 36 / 56, bottleneck: false, groups: 1, mixing: 3 },
  { sevenths: 18, ratio: 24 / 36, bottleneck: true, groups: 1, mixing: 3 },
  { sevenths: 32, ratio: 16 / 24, bottleneck: true, groups: 2, mixing: 3 },
  { sevenths: 64, ratio: 12 / 16, bottleneck: true, groups: 16, mixing: 3 },
  { sevenths: 128, ratio: 8 / 12, bottleneck: true, groups: 128, mixing: 1 }
]

/**
 * LoCo's progressive ResNet-50: six stages of three blocks, res2 to res7, whose maps shrink slowly, so that memory and
 * work are shared out evenly among them (Xiong et al. 2020, section 4.4 and supplement,
 * https://arxiv.org/abs/2008.01342). The first stage has the stem in it. Later stages convolve in 2, 16 and 128 groups.
 * Bilinear interpolation stands where a ResNet has its stride: before the 3×3 convolution and on the shortcut.
 *
 * The paper leaves the last 1×1 of each stage's first block ungrouped. Its shares of work for each stage come out (to
 * 0.05 points, 4.14 G in all) only if those of res5 and res6's other blocks are ungrouped as well, and so they are
 * here.
 *
 * @throws TypeError for an unknown stem or norm
 * @throws RangeError for a width that is not a multiple of 7, from 7 to 896
 */
export function pResNet50(options: PResNet50Options = {}): Backbone {
  checkOptions<PResNet50Options>('pResNet50', options, {
    stem: { among: ['cifar', 'imagenet'] },
    norm: { among: normNames },
    width: 'number',
    zeroInitResidual: 'boolean'
  })
  const { stem = 'imagenet', norm = 'batch', width = 56, zeroInitResidual = false } = options
  if (!Number.isInteger(width / 7) || width < 7)
    throw new RangeError(`pResNet50: expected a width that is a multiple of 7, got ${width}. Try 56.`)
  checkWhole('pResNet50', 'width', width, 896) // so that the last stage is no wider than a layer may be
  const kind = normOf('pResNet50', norm)
  return {
    name: 'pResNet-50',
    stages: plans.map((plan, i) => {
      const before = plans[i - 1]
      const entering = before === undefined ? (width / 7) * 4 : filtersOf(before, width)
      const blocks = Array.from({ length: 3 }, (_, b) =>
        progressive({
          entering,
          inner: (width / 7) * plan.sevenths,
          ratio: b === 0 ? plan.ratio : 1,
          bottleneck: plan.bottleneck,
          groups: plan.groups,
          mixes: b < plan.mixing,
          norm: kind,
          scale: zeroInitResidual ? 0 : 1
        })
      ).flat()
      return stageOf(`res${i + 2}`, chain(i === 0 ? [...stemOf(stem, entering, kind), ...blocks] : blocks))
    })
  }
}

const filtersOf = ({ sevenths, bottleneck }: Plan, width: number): number =>
  (width / 7) * sevenths * (bottleneck ? 4 : 1)

interface ProgressiveOptions {
  /** Channels that enter the stage. */
  readonly entering: number
  readonly inner: number
  readonly ratio: number
  readonly bottleneck: boolean
  readonly groups: number
  readonly mixes: boolean
  readonly norm: Norm
  readonly scale: number
}

/** A residual block. A basic one shrinks at once, so it stands behind the interpolation. */
function progressive({
  entering,
  inner,
  ratio,
  bottleneck,
  groups,
  mixes,
  norm,
  scale
}: ProgressiveOptions): readonly Block[] {
  const shrink = (channels: number): readonly Block[] => (ratio === 1 ? [] : [interpolated(channels, ratio)])
  const filters = bottleneck ? 4 * inner : inner
  const last = { filters, norm, relu: false, scale }
  const projection = convBlock({ filters, size: 1, norm, relu: false })
  if (!bottleneck)
    return [
      ...shrink(entering),
      residual({ body: chain([convBlock({ filters, norm }), convBlock(last)]), projection, resizes: false })
    ]
  const body = chain([
    convBlock({ filters: inner, size: 1, groups, norm }),
    ...shrink(inner),
    convBlock({ filters: inner, groups, norm }),
    convBlock({ ...last, size: 1, groups: mixes ? 1 : groups })
  ])
  return [residual({ body, projection: chain([...shrink(entering), projection]), resizes: ratio !== 1 })]
}
