import { join, resolve } from 'node:path'
import { checkGiven, type Shape, type Span } from '@lapstrake/core'
import { openJson, sealJson } from '@lapstrake/files'
import { readWholeFile, writeFileAtomic } from '@lapstrake/files/node'
import { checkFolder } from './check-folder.ts'
import { howToType } from './how-to-type.ts'
import { isCount, isFlag, isText, listOf, objectOf, recordOf, type Is } from './json-shapes.ts'
import { runFiles } from './run-file-names.ts'
import type { Settings } from './settings.ts'

/** What was asked of a run beside its recipe, and holds when it goes on; what is not here was left out. */
export interface RunOptions {
  /** What `--data` said, in place of the recipe's own. */
  readonly data?: string
  /** Height and width of the images of a folder that `--data` names. */
  readonly size?: number
  /** The table of the labels of such a folder. */
  readonly 'labels-from'?: string
  readonly examples?: number
  readonly backend?: string
  readonly tensorboard?: boolean
  /** What `--set` said: values for places of the recipe. */
  readonly set?: Settings
  readonly epochs?: number
  readonly threads?: number
  readonly 'checkpoint-every'?: number
  readonly 'keep-every'?: number
}

/** What a run was made with. */
export interface Manifest {
  readonly format: 2
  readonly name: string
  /** The file that its recipe was bundled from, as its path was then. */
  readonly recipe: string
  /** What it learned from, by name. */
  readonly data: string
  /** Where it was begun: relative paths of its data lead from there. Older runs do not tell. */
  readonly directory?: string | undefined
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

/** Null is as many as JSON has no word for: training without end. */
const isPlanned: Is = value => value === null || isCount(value)

/** What each field must be. */
const fields: Readonly<Record<keyof Manifest, Is>> = {
  format: value => value === 2,
  name: isText,
  recipe: isText,
  data: isText,
  directory: value => value === undefined || isText(value),
  examples: isCount,
  seed: isCount,
  backend: isText,
  versions: recordOf(isText),
  madeBy: isText,
  started: isText,
  finished: isFlag,
  stages: listOf(isText),
  dataHash: isText,
  checksums: recordOf(isCount),
  // No view holds more numbers than this.
  inputShape: value => listOf(isCount)(value) && (value as Shape).reduce((size, length) => size * length, 1) < 2 ** 31,
  steps: value => Array.isArray(value) && value.length === 2 && isCount(value[0]) && isPlanned(value[1]),
  spans: listOf(objectOf({ start: isCount, end: isCount })),
  options: objectOf(
    {},
    {
      data: isText,
      size: isCount,
      'labels-from': isText,
      examples: isCount,
      backend: isText,
      tensorboard: isFlag,
      set: recordOf(isText),
      epochs: isCount,
      threads: isCount,
      'checkpoint-every': isCount,
      'keep-every': isCount
    }
  )
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
  checkFolder(folder)
  const file = join(folder, runFiles.manifest)
  const bytes = await readWholeFile(file).catch((error: Error) => {
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
    if (code === 'ENOTDIR')
      throw new Error(`run: expected the folder of a run, got the file ${folder}. Name the folder that it lies in.`, {
        cause: error
      })
    if (code !== 'ENOENT') throw error
    throw new Error(
      `run: expected a run in ${resolve(folder)}, but it has no manifest.json. Train one with: ` +
        `${howToType('train', '<recipe.ts>', '--out', folder)}`,
      { cause: error }
    )
  })
  return parseManifest(new TextDecoder().decode(bytes), file)
}

/**
 * A manifest, as the text of its file says.
 *
 * @throws Error that names the file
 */
export function parseManifest(text: string, file: string): Manifest {
  checkGiven('parseManifest', 'the text of a file', text, 'string')
  checkGiven('parseManifest', 'what the file is called', file, 'string')
  refuseOther(text, file)
  const manifest = openJson<Manifest>(text, file)
  const fail = (what: string): never => {
    throw new Error(`${file}: expected a manifest as lapstrake writes it, got ${what}. Put back a copy.`)
  }
  const found = new Map<string, unknown>(Object.entries(manifest))
  const [wrong] = Object.entries(fields).find(([field, is]) => !is(found.get(field))) ?? []
  if (wrong !== undefined) fail(`${JSON.stringify(found.get(wrong))?.slice(0, 80)} for ${wrong}`)
  const {
    steps: [taken, planned],
    spans,
    stages
  } = manifest
  const outside = spans.find(({ start, end }) => start > end || end > stages.length)
  if (outside !== undefined) fail(`a span from stage ${outside.start} to ${outside.end} of ${stages.length}`)
  return { ...manifest, steps: [taken, planned ?? Infinity] }
}

/** Refuses what another version wrote, before its checksum is missed. */
function refuseOther(text: string, file: string): void {
  const [, format] = /"format":\s*(\d+)/.exec(text) ?? []
  if (format === undefined || format === '2') return
  const older = Number(format) < 2
  throw new Error(
    `${file}: expected a run of format 2, got one of format ${format}, which ${older ? 'an older' : 'a newer'} ` +
      'lapstrake wrote. ' +
      (older ? 'Train it again, or read it with the lapstrake that wrote it.' : 'Update lapstrake.')
  )
}
