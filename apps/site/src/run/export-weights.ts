import { serialiseTree } from '@lapstrake/checkpoints'
import type { State } from 'lapstrake'

/** The weights of a run as a file, named as `lapstrake train` names them in `weights.safetensors`. */
export const exportWeights = async ({ stages, units }: State, recipe: string): Promise<Uint8Array<ArrayBuffer>> => await serialiseTree(
  { stages, heads: Object.fromEntries(Object.entries(units).map(([name, { head }]) => [name, head])) },
  { format: 'lapstrake-weights-1', recipe }) as Uint8Array<ArrayBuffer>
