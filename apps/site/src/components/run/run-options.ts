import type { DataChoice, OwnFile, RunRequest } from '../../run/protocol.ts'

/** What a reader chooses beside the source. */
export interface RunOptions {
  readonly data: Exclude<DataChoice['kind'], 'files'>
  readonly seed: number
  /** As many as the recipe says when left empty. */
  readonly steps: number | ''
  readonly backend: RunRequest['backend']
}

export const usualOptions: RunOptions = { data: 'sample', seed: 0, steps: '', backend: 'auto' }

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
  data: own === undefined ? { kind: data } : { kind: 'files', files: own },
  steps: Number(steps) > 0 ? Math.trunc(Number(steps)) : undefined,
  resume
})
