import { leaves, tensorsOf, type Backbone, type Stage } from '@lapstrake/core'
import { isBlock, type Block } from './block.ts'

/**
 * A backbone that sees what a block without parameters makes of the images: `seeing(grayscale(), convNet())` is a
 * student without colors, whose teacher may look at the same views in color. It is a part of the first stage, whose
 * variables stay its own.
 *
 * @throws TypeError for what is no block or no backbone and, at `init`, for a block with parameters
 * @see Tian et al. 2020, section 4.3, https://arxiv.org/abs/1910.10699
 */
export function seeing(block: Block, backbone: Backbone): Backbone {
  if (!isBlock(block)) throw new TypeError('seeing: expected a block without parameters, as grayscale() is.')
  const [first, ...above] = (backbone as Partial<Backbone> | null | undefined)?.stages ?? []
  if (first === undefined) throw new TypeError('seeing: expected a backbone behind the block, as convNet() is.')
  return { ...backbone, stages: [behind(block, first), ...above] }
}

/** A stage with a block before it. */
const behind = (block: Block, stage: Stage): Stage => ({
  ...stage,
  init(random, [height, width, channels]) {
    const { params, buffers } = block.init(random, channels!)
    if (leaves(params).length > 0 || tensorsOf(buffers).length > 0)
      throw new TypeError('seeing: expected a block without parameters, as grayscale() is, got one that learns.')
    return stage.init(random, [block.lengthAfter(height!), block.lengthAfter(width!), block.filters])
  },
  apply: (variables, input, mode) => stage.apply(variables, block.apply(nothing, input, mode).output, mode)
})

const nothing = { params: {}, buffers: {} }
