import { checkGiven, networkOf, type Backbone, type Shape, type Stage } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { pooled } from './maps.ts'

/**
 * A backbone whose stages, but the lowest, give beside their maps those that came in, pooled to their size: two
 * neighbouring layers, as `fsp` compares them. What flows on is the same, and so are the variables: a plain backbone
 * may begin with what one that carries has learned, and the other way round.
 *
 * @param inputShape of one example, `[height, width, channels]`
 * @throws TypeError for what is no backbone or no shape
 * @throws Error for stages that give something else than maps and, at `init`, for examples of another size
 */
export function carrying(backbone: Backbone, inputShape: Shape): Backbone {
  checkGiven('carrying', 'a backbone, as convNet() is', backbone, 'record')
  checkGiven('carrying', 'the shape of one example, as [32, 32, 3]', inputShape, 'list')
  const { shapes } = networkOf(backbone, inputShape)
  const other = shapes.find(({ length }) => length !== 3)
  if (other !== undefined)
    throw new Error(
      `carrying: expected stages that give maps [height, width, channels], got [${other.join(', ')}]. ` +
        'Leave out those that do not.'
    )
  return {
    ...backbone,
    stages: backbone.stages.map((stage, i) => (i === 0 ? stage : beside(stage, shapes[i]!)))
  }
}

/** A stage that gives its maps and, behind them, what they were made of: the first channels of what comes in. */
const beside = (stage: Stage, entering: Shape): Stage => ({
  ...stage,
  init(random, inputShape) {
    const [own, given] = [entering, inputShape].map(shape => shape.slice(0, 2).join(' × '))
    if (own !== given)
      throw new Error(
        `carrying: expected maps of ${own} to enter stage "${stage.name}", got ${given}. ` +
          'Give it the shape of the examples that the network is for.'
      )
    const made = stage.init(random, entering)
    const [height, width, channels] = made.outputShape
    return { ...made, outputShape: [height!, width!, channels! + entering[2]!] }
  },
  apply(variables, input, mode) {
    const below = tf.slice(input, 0, [-1, -1, -1, entering[2]!]) as tf.Tensor4D
    const { output, buffers } = stage.apply(variables, below, mode)
    const [, height, width] = output.shape
    return { output: tf.concat([output, pooled(below, height!, width!)], 3), buffers }
  }
})
