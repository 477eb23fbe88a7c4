import { join } from 'node:path'
import type { Shape, Span } from 'lapstrake'
import { openJson, readWholeFile, sealJson, writeFileAtomic } from 'lapstrake/node'
import { howToType } from './how-to-type.ts'
import { runFiles } from './run-files.ts'

/** What was asked of a run beside its recipe, and holds when it goes on; what is not here was left out. */
export interface RunOptions {
  readonly backend?: string
  readonly tensorboard?: boolean
  readonly epochs?: number
  readonly threads?: number
  readonly 'checkpoint-every'?: number
  readonly 'keep-every'?: number
}

/** What a run was made with. */
export interface Manifest {
  readonly format: 2
  readonly name: string
  /** The file that its recipe was bundled from, relative to the run's folder. */
  readonly recipe: string
  readonly data: string
  readonly examples: number
  /** Of what enters the network, without the batch axis. */
  readonly inputShape: Shape
  readonly seed: number
  readonly backend: string
  readonly versions: Readonly<Record<string, string>>
  /** Who trained it, and on which machine. */
  readonly madeBy: string
  readonly started: string
  /** Steps taken, and steps planned. */
  readonly steps: readonly [taken: number, planned: number]
  readonly finished: boolean
  /** The names of the stages, from the bottom. */
  readonly stages: readonly string[]
  /** Which stages learn together. */
  readonly spans: readonly Span[]
  /** A checksum of what the data showed. */
  readonly dataHash: string
  readonly options: RunOptions
  /** Checksums of files that have none in themselves, by their paths from the run's folder. */
  readonly checksums: Readonly<Record<string, number>>
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (is: (value: unknown) => boolean) => (value: unknown): boolean => Array.isArray(value) && value.every(is)
/** As many as JSON has no word for: training without end. */
const isPlanned = (value: unknown): boolean => value === null || isCount(value)

/** What each field must be. */
const fields: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  format: value => value === 2, name: isText, recipe: isText, data: isText, examples: isCount, inputShape: listOf(isCount), seed: isCount, backend: isText,
  versions: isRecord, madeBy: isText, started: isText, finished: value => typeof value === 'boolean', stages: listOf(isText),
  steps: value => Array.isArray(value) && value.length === 2 && isCount(value[0]) && isPlanned(value[1]),
  spans: listOf(value => isRecord(value) && isCount((value as Span).start) && isCount((value as Span).end)),
  dataHash: isText, options: isRecord,
  checksums: value => isRecord(value) && Object.values(value as object).every(isCount)
}

/** @throws Error if it cannot be written */
export const writeManifest = (folder: string, manifest: Manifest): Promise<void> =>
  writeFileAtomic(join(folder, runFiles.manifest), `${sealJson(manifest, 2)}\n`)

/**
 * Reads the manifest of a run.
 *
 * @throws Error if there is none, it is damaged, or another version of lapstrake wrote it
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, runFiles.manifest)
  const bytes = await readWholeFile(file).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw error
    throw new Error(
      `run: expected a run in ${folder}, but it has no manifest.json. Train one with: ${howToType('train', '<recipe.ts>', '--out', folder)}`, { cause: error })
  })
  return parseManifest(new TextDecoder().decode(bytes), file)
}

/** @throws Error that names the file */
export function parseManifest(text: string, file: string): Manifest {
  refuseOther(text, file)
  const manifest = openJson<Manifest>(text, file)
  const wrong = Object.entries(fields).find(([field, is]) => !is((manifest as unknown as Record<string, unknown>)[field]))
  if (wrong !== undefined) {
    throw new Error(`${file}: expected a manifest as lapstrake writes it, got ${JSON.stringify((manifest as unknown as Record<string, unknown>)[wrong[0]])?.slice(0, 80)} for ${wrong[0]}. Put back a copy.`)
  }
  const { steps: [taken, planned] } = manifest
  return { ...manifest, steps: [taken, planned ?? Infinity] }
}

/** Refuses what another version wrote, before its checksum is missed. */
function refuseOther(text: string, file: string): void {
  const [, format] = /"format":\s*(\d+)/.exec(text) ?? []
  if (format === undefined || format === '2') return
  const older = Number(format) < 2
  throw new Error(
    `${file}: expected a run of format 2, got one of format ${format}, which ${older ? 'an older' : 'a newer'} lapstrake wrote. ` +
    (older ? 'Train it again, or read it with the lapstrake that wrote it.' : 'Update lapstrake.'))
}
