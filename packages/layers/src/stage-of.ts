import type { Stage } from '@lapstrake/core'
import type { Block } from './block.ts'
import { chain } from './blocks.ts'

/**
 * A block as a stage, for inputs `[height, width, channels]`.
 *
 * @throws Error at `init` for inputs of another rank
 */
export const stageOf = (name: string, block: Block): Stage => ({
  name,
  init(random, inputShape) {
    const [height, width, channels] = inputShape as [number, number, number]
    if (inputShape.length !== 3) {
      throw new Error(`${name}: expected inputs of shape [height, width, channels], got [${inputShape.join(', ')}].`)
    }
    const outputShape = [block.lengthAfter(height), block.lengthAfter(width), block.filters]
    return { ...block.init(random, channels), outputShape }
  },
  apply: (variables, input, mode) => block.apply(variables, input, mode)
})

/**
 * Blocks that follow one another as one stage, `groups`, or each of the given lists as a stage by itself, `blocks`,
 * named as the authors of ResNets name theirs: res2a, res2b, …
 *
 * @throws TypeError for what are no lists of blocks
 * @throws RangeError for more lists than there are letters
 */
export function stagesOf(
  name: string,
  blocks: readonly (readonly Block[])[],
  cut: 'groups' | 'blocks'
): readonly Stage[] {
  if (!Array.isArray(blocks) || !blocks.every(Array.isArray))
    throw new TypeError('stagesOf: expected a list of lists of blocks, as in [[convBlock({ … })], [maxPool(32)]].')
  if (cut === 'groups') return [stageOf(name, chain(blocks.flat()))]
  if (blocks.length > letters.length)
    throw new RangeError(
      `stagesOf: expected at most ${letters.length} blocks to name by letters, got ${blocks.length}.`
    )
  return blocks.map((list, i) => stageOf(`${name}${letters[i]!}`, chain(list)))
}

const letters = 'abcdefghijklmnopqrstuvwxyz'
