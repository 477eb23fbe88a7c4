import * as tf from '@tensorflow/tfjs-core'
import type { Params, Stage } from './contracts.ts'
import { namedLeaves, withLeaves } from './tree.ts'

/** Gives pulled gradients the form of the parameters. Those that only a penalty teaches are taught nothing here. */
export function gradientTree(
  { name, penalty }: Pick<Stage, 'name' | 'penalty'>,
  params: Params,
  pulled: readonly (tf.Tensor | undefined)[]
): Params {
  const named = namedLeaves(params)
  return withLeaves(
    params,
    pulled.map((gradient, i) => {
      if (gradient !== undefined) return gradient
      if (penalty !== undefined) return tf.zerosLike(named[i]!.value)
      throw new Error(
        `stage "${name}": expected every parameter to matter for the output, but ${named[i]!.name} does not. ` +
          'Leave it out of params, or keep it in buffers.'
      )
    })
  )
}
