import type { Stage } from '@lapstrake/core'
import type { Block } from './blocks.ts'

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
