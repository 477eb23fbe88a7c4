import type { DataChoice, OwnFile, RunRequest } from '../../run/protocol.ts'

/** What a reader chooses beside the source. */
export interface RunOptions {
  /** The recipe's own, or a place in the menu of others. */
  readonly data: 'recipe' | number
  readonly seed: number
  /** As many as the recipe says when left empty. */
  readonly steps: number | ''
  readonly backend: RunRequest['backend']
}

export const usualOptions: RunOptions = { data: 'recipe', seed: 0, steps: '', backend: 'auto' }

/** The request for a run of a recipe as its reader left it; the reader's own files stand before the data chosen. */
export const requestOf = (
  recipe: string,
  source: string,
  { data, seed, steps, backend }: RunOptions,
  own?: readonly OwnFile[],
  resume?: Uint8Array
): RunRequest => ({
  recipe,
  source,
  seed: Math.trunc(Number(seed)) || 0,
  backend,
  data: choiceOf(data, own),
  steps: Number(steps) > 0 ? Math.trunc(Number(steps)) : undefined,
  resume
})

function choiceOf(data: RunOptions['data'], own: readonly OwnFile[] | undefined): DataChoice {
  if (own !== undefined) return { kind: 'files', files: own }
  return data === 'recipe' ? { kind: 'recipe' } : { kind: 'other', place: data }
}
