import { decodeSafetensors, deserialiseTree, encodeSafetensors, serialiseTree } from '@lapstrake/checkpoints'
import {
  checkGiven,
  dispose,
  type OneOrNamed,
  type Owned,
  type Shape,
  type State,
  type TeacherVariables
} from '@lapstrake/core'
import { differencesOf, type Behaviour } from './behaviour.ts'
import type { Progress, UntilPlateauOptions } from '@lapstrake/scheduler'

/** What a saved run says of itself. */
export interface SavedRun {
  /** The experiment's name. */
  readonly name: string
  readonly seed: number
  /** The data set's name and size, and a checksum of what it showed. */
  readonly data: string
  readonly examples: number
  readonly dataHash: string
  /** Of one view, without the batch axis. */
  readonly inputShape: Shape
  /** Steps taken. */
  readonly step: number
  /** What the experiment does, to tell it from others. */
  readonly behaviour: Behaviour
  /** The places of examples that could not be read. */
  readonly unreadable?: readonly number[] | undefined
  /** How far each unit is, where its schedule depends on it. */
  readonly progress?: Progress | undefined
  /**
   * Where the run has not begun itself: how many of the experiments that are trained for it have, the last of which is
   * under way.
   */
  readonly first?: number | undefined
}

/** What a run was begun with, by which another is told from it. */
export type RunOrigin = Omit<SavedRun, 'step' | 'progress' | 'unreadable' | 'first'>

/** What a run is made of beside its experiment. */
export interface RunParts {
  readonly state: State
  /** Absent, and not undefined, where the experiment has none: parts are a tree. */
  readonly teacher?: OneOrNamed<TeacherVariables>
}

const format = 'lapstrake-run-'
const version = 2

/** A run as one safetensors file: all that its next step depends on. */
export const saveRun = (parts: RunParts, about: SavedRun): Promise<Uint8Array> =>
  serialiseTree(parts, { format: `${format}${version}`, run: JSON.stringify(about) })

/** A run that has not begun itself: the saved runs of what is trained for it, the last of which is under way. */
export const saveFirst = (runs: readonly Uint8Array[], origin: Omit<RunOrigin, 'behaviour'>): Uint8Array =>
  encodeSafetensors({
    tensors: Object.fromEntries(
      runs.map((bytes, i) => [`first.${i}`, { dtype: 'U8', shape: [bytes.length], bytes }] as const)
    ),
    metadata: {
      format: `${format}${version}`,
      run: JSON.stringify({ ...origin, step: 0, behaviour: {}, first: runs.length } satisfies SavedRun)
    }
  })

/**
 * The saved runs of what is trained first, of a run that has not begun itself; none of one that has.
 *
 * @throws Error if they are not in it
 */
export function firstIn(file: Uint8Array, { first = 0 }: SavedRun): readonly Uint8Array[] {
  if (first === 0) return []
  const { tensors } = decodeSafetensors(file, { name: 'resume' })
  return Array.from({ length: first }, (_, i) => {
    const found = tensors[`first.${i}`]
    if (found === undefined)
      throw new Error(`resume: expected what was trained first, ${first} of them, got ${i}. The file is damaged.`)
    return found.bytes
  })
}

/**
 * Reads what a saved run says of itself.
 *
 * @param name what errors call the file
 * @throws Error if the file is no run, is damaged, or was saved by another version of lapstrake
 */
export function describeRun(file: Uint8Array, name: string = 'run'): SavedRun {
  checkGiven('describeRun', "the file's name", name, 'string')
  if (!(file instanceof Uint8Array))
    throw new TypeError(
      `${name}: expected the bytes of a file that save() made, as a Uint8Array, got ${typeof file}. ` +
        'Read the file first.'
    )
  const { metadata } = decodeSafetensors(file, { name })
  const [, number] = new RegExp(`^${format}(\\d+)$`).exec(metadata.format ?? '') ?? []
  if (number === undefined || metadata.run === undefined) {
    throw new Error(
      `${name}: expected a file that train() saved, got a safetensors file of ${metadata.format ?? 'no format'}. ` +
        'Weights alone cannot be resumed.'
    )
  }
  if (Number(number) !== version) {
    throw new Error(
      `${name}: expected a run saved in format ${version}, got ${number}, ` +
        `of ${Number(number) > version ? 'a newer' : 'an older'} lapstrake. ` +
        (Number(number) > version
          ? 'Update lapstrake.'
          : 'Train it again, or resume it with the lapstrake that saved it.')
    )
  }
  const about = parsed(metadata.run)
  const wrong = Object.entries(fields).find(([field, is]) => !is((about as Record<string, unknown>)[field]))
  if (wrong !== undefined) {
    throw new Error(
      `${name}: expected the run to be described as train() does, got ${metadata.run.slice(0, 40)}, ` +
        `where ${wrong[0]} is not. ` +
        'The file is damaged.'
    )
  }
  return withPlateau(about as SavedRun)
}

/** Older runs called by another name what the schedule of an experiment says of plateaus. */
function withPlateau(about: SavedRun): SavedRun {
  const { freeze: [settings] = [], ...behaviour } = about.behaviour
  if (typeof settings !== 'string') return about
  const { patience, tolerance = 0.005 } = parsed(settings) as Partial<UntilPlateauOptions>
  return { ...about, behaviour: { ...behaviour, plateau: [JSON.stringify({ patience, tolerance })] } }
}

/** Nothing where it is no JSON. */
function parsed(text: string): object {
  try {
    return Object(JSON.parse(text)) as object
  } catch {
    return {}
  }
}

type Is = (value: unknown) => boolean
const isText: Is = value => typeof value === 'string'
const isCount: Is = value => Number.isSafeInteger(value) && (value as number) >= 0
const isNumber: Is = value => Number.isFinite(value)
const listOf =
  (is: Is): Is =>
  value =>
    Array.isArray(value) && value.every(is)
const recordOf =
  (is: Is): Is =>
  value =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(is)

/** Null stands for a number that JSON has no word for. */
const isProgress: Is = value =>
  recordOf(() => true)(value) &&
  ['smooth', 'lowest', 'since'].every(field =>
    [isNumber, (found: unknown) => found === null].some(is => is((value as Record<string, unknown>)[field]))
  )

/** What each field must be. */
const fields: Readonly<Record<keyof SavedRun, Is>> = {
  name: isText,
  seed: isNumber,
  data: isText,
  examples: isCount,
  dataHash: isText,
  inputShape: listOf(isCount),
  step: isCount,
  behaviour: recordOf(listOf(value => isText(value) || isNumber(value))),
  unreadable: value => value === undefined || listOf(isCount)(value),
  progress: value => value === undefined || recordOf(isProgress)(value),
  first: value => value === undefined || isCount(value)
}

/** What is no longer as it was when a run was saved, in words; nothing where all is. */
export function changesSince(then: RunOrigin, now: RunOrigin): readonly string[] {
  const plain = (['name', 'seed', 'inputShape'] as const)
    .filter(what => JSON.stringify(then[what]) !== JSON.stringify(now[what]))
    .map(what => `${words[what]} ${JSON.stringify(then[what])} then, ${JSON.stringify(now[what])} now`)
  // The same data may lie elsewhere now, and so have another name.
  const data =
    then.dataHash === now.dataHash && then.examples === now.examples
      ? []
      : [
          `${then.examples} examples of ${then.data} then, ${now.examples} ` +
            `${then.examples === now.examples ? 'others ' : ''}of ${now.data} now`
        ]
  // With another seed an experiment begins elsewhere, and all that it does differs.
  return [...plain, ...data, ...(then.seed === now.seed ? differencesOf(then.behaviour, now.behaviour) : [])]
}

const words = { name: 'name', seed: 'seed', inputShape: 'shape of the views' } as const

/**
 * One part of a saved run, in the form of `like`, which is freed.
 *
 * @throws Error if it has another form
 */
export function restoreRun<T>(file: Uint8Array, like: Owned<T>, part: keyof RunParts): Owned<T> {
  try {
    return deserialiseTree<T>(file, like, { part, name: 'resume' })
  } finally {
    dispose(like)
  }
}
