import * as tf from '@tensorflow/tfjs-core'
import type { Stage, Variables } from './contracts.ts'
import type { Penalty } from './learned.ts'
import { own } from './memory.ts'
import { leaves, withLeaves } from './tree.ts'
import { vjp } from './vjp.ts'

/** What a stage's parameters cost by themselves and what that teaches them; nothing for a stage without a penalty. */
export function penaltyOf(stage: Stage, variables: Variables): Penalty | undefined {
  const { penalty } = stage
  if (penalty === undefined) return undefined
  const weights = leaves(variables.params)
  const { outputs, pull } = vjp(() => {
    const cost = penalty(variables)
    if (cost.rank !== 0)
      throw new Error(`stage "${stage.name}": expected a penalty that is one scalar, got shape [${cost.shape}].`)
    return { outputs: [cost], aux: null }
  }, weights)
  const pulled = own(() => pull([tf.scalar(1)], weights, { last: true }))
  return {
    cost: outputs[0] as tf.Scalar,
    gradients: withLeaves(
      variables.params,
      pulled.map((gradient, i) => gradient ?? tf.zerosLike(weights[i]!))
    )
  }
}
