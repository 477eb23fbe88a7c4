import type * as tf from '@tensorflow/tfjs-core'
import type { Batch, LocalLoss, LossVariables, Memory, Unit, Views } from './contracts.ts'
import { DeviceLost, OutOfRoom } from './errors.ts'
import { copyOf } from './memory.ts'

/**
 * What a unit's loss costs, and what it remembers then: tensors of its own, also where it hands on what it was given.
 *
 * @throws Error in the name of the unit
 */
export function applyLoss(
  unit: Pick<Unit, 'name' | 'loss'>,
  embeddings: Views<tf.Tensor2D>,
  batch: Batch,
  variables: LossVariables
): { readonly loss: tf.Scalar; readonly memory: Memory } {
  return naming(unit, () => {
    const { loss, memory } = either(unit.loss, embeddings, batch, variables)
    if (loss.rank !== 0)
      throw new Error(
        `expected the loss to be one scalar, got shape [${loss.shape}]. ` +
          "Leave out its reduction: 'none', or take the mean of what it gives."
      )
    if (memory === undefined)
      throw new Error('expected a loss with variables to return { loss, memory }, got no memory. Return {} for none.')
    return { loss, memory: copyOf(memory) }
  })
}

const either = (
  loss: LocalLoss,
  embeddings: Views<tf.Tensor2D>,
  batch: Batch,
  variables: LossVariables
): { readonly loss: tf.Scalar; readonly memory: Memory } =>
  typeof loss === 'function'
    ? { loss: loss(embeddings, batch), memory: variables.memory }
    : loss.apply(embeddings, batch, variables)

/** @throws Error for a unit that holds stages and whose loss is the same whatever the embeddings are */
export function refuseFlat({ name, start, end }: Unit, cotangents: readonly (tf.Tensor | undefined)[]): void {
  if (start < end && cotangents.every(tensor => tensor === undefined)) {
    throw new Error(
      `unit "${name}": expected a loss that depends on the embeddings, got one that does not. ` +
        'Nothing could be learned from it.'
    )
  }
}

/** Says which unit an error comes from. */
export function naming<T>({ name }: Pick<Unit, 'name'>, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof OutOfRoom || error instanceof DeviceLost) throw error
    throw new Error(`unit "${name}": ${(error as Error).message}`, { cause: error })
  }
}
