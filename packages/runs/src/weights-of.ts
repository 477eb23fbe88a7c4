import { serialiseTree } from '@lapstrake/checkpoints'
import type { State } from '@lapstrake/core'

/**
 * What a run has learnt as a safetensors file: `stages` and, by the names of their units, `heads`. What
 * `lapstrake train` writes, and what a teacher reads.
 *
 * @param recipe the experiment's name, kept in the file
 */
export const weightsOf = ({ stages, units }: State, recipe: string): Promise<Uint8Array> =>
  serialiseTree(
    { stages, heads: Object.fromEntries(Object.entries(units).map(([name, { head }]) => [name, head])) },
    { format: 'lapstrake-weights-1', recipe }
  )
