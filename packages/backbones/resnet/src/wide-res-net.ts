import { checkOptions, type Backbone } from '@lapstrake/core'
import {
  chain,
  checkWhole,
  convolution,
  mostWide,
  normBlock,
  normNames,
  normOf,
  residual,
  stagesOf,
  type Block,
  type Norm,
  type NormName
} from '@lapstrake/layers'

export interface WideResNetOptions {
  /** Layers: 6n + 4 for n blocks in each group. */
  readonly depth?: 10 | 16 | 22 | 28 | 40 | undefined
  /** How many times 16, 32 and 64 channels the groups have. */
  readonly width?: number | undefined
  readonly norm?: NormName | undefined
  /** `groups`: one for each size of maps. `blocks`: one for each residual block, named res2a, res2b, … */
  readonly stages?: 'groups' | 'blocks' | undefined
}

/**
 * Wide residual networks for CIFAR-10, WRN-d-k: a 3×3 convolution, three groups of blocks that normalise before they
 * convolve, a last normalisation and ReLU (Zagoruyko & Komodakis 2016, table 1, https://arxiv.org/abs/1605.07146),
 * without dropout. Its wrn-16-2 is `{ depth: 16, width: 2 }`. Three stages, the first with the stem in it and the last
 * with the last normalisation, or one for each block; what leaves the others is a sum that no ReLU has cut yet.
 *
 * Where a block's shapes change, its shortcut is a 1×1 convolution of what was normalised, as in the authors' code.
 *
 * @throws TypeError for an unknown depth, norm or cut
 * @throws RangeError unless the width is a whole number from 1 to 1024
 */
export function wideResNet(options: WideResNetOptions = {}): Backbone {
  checkOptions<WideResNetOptions>('wideResNet', options, {
    depth: { among: [10, 16, 22, 28, 40] },
    width: 'number',
    norm: { among: normNames },
    stages: { among: ['groups', 'blocks'] }
  })
  const { depth = 16, width = 2, norm = 'batch', stages = 'groups' } = options
  checkWhole('wideResNet', 'width', width, mostWide / 64)
  const kind = normOf('wideResNet', norm)
  const widths = [16, 16 * width, 32 * width, 64 * width]
  const count = (depth - 4) / 6
  return {
    name: `wrn-${depth}-${width}`,
    stages: widths.slice(1).flatMap((filters, i) => {
      const isLast = i === 2
      const blocks = Array.from({ length: count }, (_, b) => [
        ...(i === 0 && b === 0 ? [convolution({ filters: widths[0]! })] : []),
        preActivated({
          entering: b === 0 ? widths[i]! : filters,
          filters,
          stride: i > 0 && b === 0 ? 2 : 1,
          norm: kind
        }),
        ...(isLast && b === count - 1 ? [normBlock({ filters, norm: kind })] : [])
      ])
      return stagesOf(`res${i + 2}`, blocks, stages)
    })
  }
}

interface PreActivatedOptions {
  /** Channels that enter. */
  readonly entering: number
  readonly filters: number
  readonly stride: number
  readonly norm: Norm
}

/** Two times normalisation, ReLU, 3×3 convolution, and a shortcut. */
function preActivated({ entering, filters, stride, norm }: PreActivatedOptions): Block {
  const first = normBlock({ filters: entering, norm })
  const rest = [convolution({ filters, stride }), normBlock({ filters, norm }), convolution({ filters })]
  const projection = convolution({ filters, stride, size: 1 })
  return entering === filters && stride === 1
    ? residual({ body: chain([first, ...rest]), projection, resizes: false, relu: false })
    : chain([first, residual({ body: chain(rest), projection, resizes: stride !== 1, relu: false })])
}
