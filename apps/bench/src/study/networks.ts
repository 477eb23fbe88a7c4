// The networks of the study. Each block is a stage, so that a window can begin at any of them.
import { chain, convBlock, convNet, normOf, residualBlock, stageOf, type Backbone, type NormName } from 'lapstrake'

/** Plain 3×3 convolutions, which halve height and width at the first, third and fifth. */
export const plain = (widths: readonly number[], norm: NormName = 'batch'): Backbone =>
  convNet({ widths, strides: widths.map((_, i) => (i % 2 === 0 && i < 6 ? 2 : 1)), layers: 1, norm })

/**
 * Residual blocks of one width, which halve height and width at the first and third: however many there are, end-to-end
 * learning has a short way down.
 */
export function residualBlocks(count: number, width: number): Backbone {
  const norm = normOf('study', 'batch')
  return {
    name: `residual-${count}`,
    stages: Array.from({ length: count }, (_, i) => {
      const block = residualBlock({ filters: width, stride: i === 0 || i === 2 ? 2 : 1, norm })
      return stageOf(`block${i + 1}`, chain(i === 0 ? [convBlock({ filters: width, norm }), block] : [block]))
    })
  }
}
