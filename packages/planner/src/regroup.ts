import {
  checkGiven,
  type Backbone,
  type Buffers,
  type Params,
  type Shape,
  type Stage,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * The same network in fewer stages: neighbours become one. The numbers are those of the old stages, kept as a list.
 *
 * @param cuts the stage that each new stage starts with, but for the first; what {@link balance} gives
 * @throws RangeError if cuts do not rise between 1 and the last stage
 */
export function regroup(backbone: Backbone, cuts: readonly number[]): Backbone {
  checkGiven('regroup', 'a backbone with stages, such as resNet()', (backbone as Backbone | null)?.stages, 'list')
  checkGiven('regroup', 'a list of cuts, as balance() gives', cuts, 'list')
  const { name, stages } = backbone
  const edges = [0, ...cuts, stages.length]
  if (!edges.slice(1).every((edge, i) => Number.isInteger(edge) && edge > edges[i]!)) {
    throw new RangeError(
      `regroup: expected cuts that rise from 1 to ${stages.length - 1}, for "${name}" has ${stages.length} stages, ` +
        `got [${cuts.join(', ')}].`
    )
  }
  return { name, stages: edges.slice(1).map((end, i) => joined(stages.slice(edges[i], end))) }
}

const partOf = ({ params, buffers }: Variables, i: number): Variables => ({
  params: (params as readonly Params[])[i]!,
  buffers: (buffers as readonly Buffers[])[i]!
})

/** Stages one after another, as one. */
function joined(stages: readonly Stage[]): Stage {
  if (stages.length === 1) return stages[0]!
  const penalised = stages.flatMap(({ penalty }, i) => (penalty === undefined ? [] : [{ penalty, i }]))
  const stage: Stage = {
    name: `${stages[0]!.name}–${stages.at(-1)!.name}`,
    init(random, inputShape) {
      let shape: Shape = inputShape
      const parts = stages.map((stage, i) => {
        const { outputShape, ...variables } = stage.init(random.split(i), shape)
        shape = outputShape
        return variables
      })
      return {
        params: parts.map(({ params }) => params),
        buffers: parts.map(({ buffers }) => buffers),
        outputShape: shape
      }
    },
    apply(variables, input, mode) {
      let output = input
      const buffers = stages.map((stage, i) => {
        const result = stage.apply(
          partOf(variables, i),
          output,
          mode.training ? { ...mode, random: mode.random.split(i) } : mode
        )
        output = result.output
        return result.buffers
      })
      return { output, buffers }
    }
  }
  if (penalised.length === 0) return stage
  return {
    ...stage,
    penalty: variables => tf.addN(penalised.map(({ penalty, i }) => penalty(partOf(variables, i)))) as tf.Scalar
  }
}
