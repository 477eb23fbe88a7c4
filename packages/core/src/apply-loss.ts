import type * as tf from '@tensorflow/tfjs-core'
import type { Batch, LocalLoss, LossVariables, Memory, Views } from './contracts.ts'

/** A loss of either kind, with the variables it has, if any. */
export function applyLoss(
  loss: LocalLoss,
  embeddings: Views<tf.Tensor2D>,
  batch: Batch,
  variables: LossVariables
): { readonly loss: tf.Scalar; readonly memory: Memory } {
  return typeof loss === 'function'
    ? { loss: loss(embeddings, batch), memory: variables.memory }
    : loss.apply(embeddings, batch, variables)
}
