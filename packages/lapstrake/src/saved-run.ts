import { decodeSafetensors, deserialiseTree, serialiseTree } from '@lapstrake/checkpoints'
import { dispose, type Owned, type State, type TeacherVariables } from '@lapstrake/core'
import type { UnitProgress } from './freezing.ts'

/** What a saved run says of itself. */
export interface SavedRun {
  /** The experiment's name. */
  readonly name: string
  readonly seed: number
  /** The data set's name and size. */
  readonly data: string
  readonly examples: number
  /** Steps taken. */
  readonly step: number
  /** How far each unit is, where the experiment freezes units. */
  readonly progress?: Readonly<Record<string, UnitProgress>>
}

/** What a run is made of beside its experiment. */
export interface RunParts {
  readonly state: State
  /** Present where the experiment has one. */
  readonly teacher?: TeacherVariables
}

const format = 'lapstrake-run-'
const version = 1

/** A run as one safetensors file: all that its next step depends on. */
export const saveRun = (parts: RunParts, about: SavedRun): Promise<Uint8Array> =>
  serialiseTree(parts, { format: `${format}${version}`, run: JSON.stringify(about) })

/**
 * Reads what a saved run says of itself.
 *
 * @throws Error if the file is no run, or was saved by a newer lapstrake
 */
export function describeRun(file: Uint8Array): SavedRun {
  const { metadata } = decodeSafetensors(file)
  const [, number] = new RegExp(`^${format}(\\d+)$`).exec(metadata.format ?? '') ?? []
  if (number === undefined || metadata.run === undefined) {
    throw new Error(`run: expected a file that train() saved, got a safetensors file of ${metadata.format ?? 'no format'}. Weights alone cannot be gone on with.`)
  }
  if (Number(number) > version) throw new Error(`run: expected format ${version} or older, got ${number}: a newer lapstrake saved this run. Update lapstrake.`)
  return JSON.parse(metadata.run) as SavedRun
}

/**
 * One part of a saved run, in the form of `like`, which is freed.
 *
 * @throws Error if the run is of another experiment, seed or data set
 */
export function restoreRun<T>(file: Uint8Array, like: Owned<T>, part: keyof RunParts, { step: _, progress: __, ...wanted }: SavedRun): Owned<T> {
  try {
    const found = describeRun(file)
    for (const [what, value] of Object.entries(wanted)) {
      const got = found[what as keyof typeof wanted]
      if (got !== value) throw new Error(`resume: expected a run with the ${what} ${JSON.stringify(value)}, got one with ${JSON.stringify(got)}. Go on with what it was begun with.`)
    }
    return deserialiseTree<T>(file, like, { part })
  } finally {
    dispose(like)
  }
}
