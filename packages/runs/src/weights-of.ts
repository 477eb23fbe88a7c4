import { serialiseTree } from '@lapstrake/checkpoints'
import { checkGiven, type State } from '@lapstrake/core'

/**
 * What a run has learnt as a safetensors file: `stages` and, by the names of their units, `heads`. What
 * `lapstrake train` writes, and what a teacher reads.
 *
 * @param recipe the experiment's name, kept in the file
 */
export async function weightsOf(state: State, recipe: string): Promise<Uint8Array> {
  checkGiven('weightsOf', 'the state of a run, as trainer.init() and step() give', state?.units, 'record')
  checkGiven('weightsOf', 'the name of the recipe', recipe, 'string')
  const { stages, units } = state
  return serialiseTree(
    { stages, heads: Object.fromEntries(Object.entries(units).map(([name, { head }]) => [name, head])) },
    { format: 'lapstrake-weights-1', recipe }
  )
}
