// What the commands have in common that look at images with a run: embed, neighbours and predict.
import { dirname } from 'node:path'
import type { Unreadable } from 'lapstrake'
import { checkOwnFile, openRun, runFiles, type OpenRun } from '@lapstrake/runs/node'
import type { AtWork } from '../terminal/at-work.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { dataNames } from './data-by-name.ts'
import { openPictures, type Pictures } from './pictures.ts'
import { chosenBackend } from './train-given.ts'

/** Their arguments. */
export const imageArgs = {
  run: { type: 'positional', required: true, description: 'The folder of a run' },
  images: {
    type: 'positional',
    required: true,
    description: `A folder of images, flat or of class folders; images; or ${dataNames.join(', ')}` as string
  },
  weights: {
    type: 'string',
    default: runFiles.weights as string,
    description: `The file of the run to read, such as ${runFiles.best}` as string
  },
  batch: { type: 'string', description: 'Images that run at once: 64, fewer of large ones, when left out' },
  limit: { type: 'string', description: 'Only so many images, spread evenly over all' },
  part: { type: 'string', default: 'test', description: 'Of a known data set: test or train' },
  backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' },
  threads: { type: 'string', description: 'Threads of the wasm backend; as many as there are processors when left out' }
} as const

/** Of those that read one level. */
export const levelArg = {
  level: { type: 'string', description: 'Stages below what is read, from 0 for the images; the top when left out' }
} as const

export interface ImagesGiven {
  readonly run: string
  readonly weights: string
  readonly batch?: string | undefined
  readonly limit?: string | undefined
  readonly level?: string | undefined
  readonly part: string
  readonly backend: string
  readonly threads?: string | undefined
}

export interface ImagesOfRun {
  readonly run: OpenRun
  readonly pictures: Pictures
  readonly batch: number | undefined
  /** What is read: the top when nothing was asked for. */
  readonly level: number
}

/**
 * Checks what was typed, and then opens the run and the images.
 *
 * @param images as they were named
 * @param out where the result goes, which is to be free or ours
 */
export async function openImages(
  who: string,
  given: ImagesGiven,
  images: readonly string[],
  out: string | undefined
): Promise<ImagesOfRun> {
  const whole = (name: 'batch' | 'limit' | 'level' | 'threads', least: number): number | undefined =>
    given[name] === undefined ? undefined : wholeNumber(`--${name}`, given[name], least)
  const [batch, limit, asked] = [whole('batch', 1), whole('limit', 1), whole('level', 0)]
  const threads = whole('threads', 1)
  const { part, weights } = given
  if (part !== 'train' && part !== 'test')
    throw new UsageError(`${who}: expected --part test or train, got ${part}. Leave it out for test.`)
  if (out !== undefined) {
    await checkFolderFor(who, '--out', dirname(out))
    await checkOwnFile(out)
  }
  process.stderr.write(
    `${(await chosenBackend({ backend: given.backend, ...(threads !== undefined && { threads }) })).sentence}\n`
  )
  const run = await openRun(given.run, { weights })
  run.notes.forEach(note => process.stderr.write(`${note}\n`))
  const level = levelOf(who, run, asked)
  const [first, ...more] = images as [string, ...string[]]
  const pictures = await openPictures(who, [first, ...more], { shape: run.manifest.inputShape, part, limit })
  return { run, pictures, batch, level }
}

function levelOf(who: string, { network: { shapes } }: OpenRun, level?: number): number {
  const top = shapes.length - 1
  if (level === undefined || level <= top) return level ?? top
  throw new UsageError(`${who}: expected --level from 0 to ${top}, one above each stage, got ${level}. Leave it out.`)
}

/** Images that could not be read, each said as it is met. */
export interface LeftOut {
  readonly unreadable: readonly Pick<Unreadable, 'example' | 'reason'>[]
  tell(one: Unreadable): void
}

export function leavingOut(work: AtWork): LeftOut {
  const unreadable: Pick<Unreadable, 'example' | 'reason'>[] = []
  return {
    unreadable,
    tell({ example, reason }) {
      work.end()
      process.stderr.write(`${example} is left out: ${reason}.\n`)
      unreadable.push({ example, reason })
    }
  }
}
