import type * as tf from '@tensorflow/tfjs-core'
import { copyOf } from './memory.ts'
import type { Buffers, Context, Mode, Stage, Variables } from './contracts.ts'

/** What flows between two stages: views of one size lie end to end, one tensor for each size. */
export interface Flow {
  readonly tensors: readonly tf.Tensor[]
  /** The constants beside each of them, where the batch has any. */
  readonly contexts: readonly (Context | undefined)[]
}

/**
 * Applies a stage to views of every size, each with the constants beside it. Its buffers move once: they follow the
 * first size, usually that of the full views; they are tensors of their own, also where a stage hands on its input.
 */
export function applyToFlow(
  stage: Stage,
  variables: Variables,
  { tensors, contexts }: Flow,
  mode: Mode
): { readonly outputs: readonly tf.Tensor[]; readonly aux: Buffers } {
  const results = tensors.map((input, i) => stage.apply(variables, input, { ...mode, context: contexts[i] }))
  return { outputs: results.map(({ output }) => output), aux: copyOf(results[0]!.buffers) }
}
