import { checkGiven } from '@lapstrake/core'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openJson, sealJson } from '@lapstrake/files'
import { readWholeFile, writeFileAtomic } from '@lapstrake/files/node'
import { checkFolder } from './check-folder.ts'
import { isCount, isFlag, isText, listOf, objectOf, recordOf, type Is } from './json-shapes.ts'
import { runFiles } from './run-file-names.ts'

/** What a classifier reads from some features: accuracies on the test examples, from 0 to 1. */
export interface Readout {
  readonly name: string
  readonly linear: number
  readonly neighbours: number
  /** The same of a classifier that learned from few labels, over several draws of them. */
  readonly lowLabel?: readonly LowLabel[] | undefined
}

/** What few labels are worth: so many of each class, or a part of all below 1. */
interface LowLabel {
  readonly labels: number
  readonly accuracy: number
  readonly deviation?: number | undefined
  readonly draws: number
}

/** What a classifier that learned from clean images reads from corrupted ones. */
export interface Corrupted {
  readonly name: string
  readonly clean: number
  readonly mean: number
  readonly readouts: readonly { readonly kind: string; readonly severity: number; readonly linear: number }[]
}

/** What `evaluate` read out of one file of weights. */
export interface Evaluation {
  /** Test examples. */
  readonly test: number
  /** Whether there are more of them. */
  readonly part: boolean
  /** The checksum that the file of weights held. */
  readonly weights: string
  readonly rows: readonly Readout[]
  /** Of the untrained top and of the trained one, where it was asked for. */
  readonly corrupted?: readonly Corrupted[] | undefined
}

/** What `evaluate` leaves in the folder of a run. */
interface Evaluations {
  readonly format: 2
  /** By the name of the file of weights. */
  readonly of: Readonly<Record<string, Evaluation>>
}

/** What was read out of a run's weights as they are, and what is to be said of the rest. */
export interface ReadEvaluations {
  readonly of: Evaluations['of']
  readonly notes: readonly string[]
}

/**
 * What was read out of the weights of a run; nothing where nobody did, or where the weights are others now.
 *
 * @throws Error if the file is damaged
 */
export async function readEvaluations(folder: string): Promise<ReadEvaluations> {
  const file = join(folder, runFiles.evaluation)
  const bytes = await readWholeFile(file).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return { of: {}, notes: [] }
  const all = Object.entries(parseEvaluations(new TextDecoder().decode(bytes), file))
  const current = await Promise.all(
    all.map(async ([weights, { weights: told }]) => (await sealOf(resolve(folder, weights))) === told)
  )
  return {
    of: Object.fromEntries(all.filter((_, i) => current[i])),
    notes: all.flatMap(([weights], i) =>
      current[i] ? [] : [`${file}: ${weights} has changed since it was evaluated. Evaluate it again.`]
    )
  }
}

/** The checksum that a file of ours holds in its first bytes; nothing where it is gone or of others. */
export async function sealOf(path: string): Promise<string | undefined> {
  checkGiven('sealOf', 'the path of a file', path, 'string')
  const file = await open(path, 'r').catch(() => undefined)
  try {
    if ((await file?.stat())?.isFile() !== true) return undefined
    const { buffer, bytesRead } = (await file?.read(Buffer.alloc(512), 0, 512, 0)) ?? {
      buffer: Buffer.alloc(0),
      bytesRead: 0
    }
    return /"crc32c":"([0-9a-f]{8})"/.exec(buffer.toString('latin1', 0, bytesRead))?.[1]
  } finally {
    await file?.close()
  }
}

/**
 * What was read out, as the text of its file says, by the name of the file of weights.
 *
 * @throws Error that names the file
 */
export function parseEvaluations(text: string, file: string): Evaluations['of'] {
  checkGiven('parseEvaluations', 'the text of a file', text, 'string')
  checkGiven('parseEvaluations', 'what the file is called', file, 'string')
  const found = openJson<Evaluations>(text, file)
  if (isWhole(found)) return found.of
  const got = JSON.stringify(found).slice(0, 60)
  throw new Error(`${file}: expected readouts of format 2, got ${got}. Delete it and evaluate the run again.`)
}

const isPart: Is = value => typeof value === 'number' && value >= 0 && value <= 1

const isLowLabel: Is = objectOf(
  { labels: value => Number.isFinite(value), accuracy: isPart, draws: isCount },
  { deviation: value => Number.isFinite(value) }
)

const isCorrupted: Is = objectOf({
  name: isText,
  clean: isPart,
  mean: isPart,
  readouts: listOf(objectOf({ kind: isText, severity: isCount, linear: isPart }))
})

const isWhole: Is = objectOf({
  format: value => value === 2,
  of: recordOf(
    objectOf(
      {
        test: isCount,
        part: isFlag,
        weights: isText,
        rows: listOf(objectOf({ name: isText, linear: isPart, neighbours: isPart }, { lowLabel: listOf(isLowLabel) }))
      },
      { corrupted: listOf(isCorrupted) }
    )
  )
})

/**
 * Leaves an evaluation in the folder of a run, unless one over more examples lies there or the weights have changed;
 * gives back whether it did. What one over as many found of few labels and of corrupted images stays, where that was
 * not read again.
 */
export async function leaveEvaluation(folder: string, weights: string, evaluation: Evaluation): Promise<boolean> {
  checkFolder(folder)
  checkGiven('leaveEvaluation', 'the name of a file of weights', weights, 'string')
  checkGiven('leaveEvaluation', 'what was read out', evaluation, 'record')
  if ((await sealOf(resolve(folder, weights))) !== evaluation.weights) {
    throw new Error(
      `evaluate: expected ${resolve(folder, weights)} to stay as it was, but it has changed while it was evaluated: ` +
        'the result is only printed. Evaluate it again.'
    )
  }
  const { of: before } = await readEvaluations(folder).catch((error: Error): ReadEvaluations => {
    process.stderr.write(`${error.message} It is replaced.\n`)
    return { of: {}, notes: [] }
  })
  const earlier = before[weights]
  if (earlier !== undefined && earlier.test > evaluation.test) return false
  const whole = earlier?.test === evaluation.test ? completed(evaluation, earlier) : evaluation
  if (earlier !== undefined && earlier.test < evaluation.test && readsMore(earlier))
    process.stderr.write(
      `${join(folder, runFiles.evaluation)}: what few labels and corrupted images told was over ${earlier.test} test ` +
        'examples only, and is replaced. Ask for it again.\n'
    )
  const after: Evaluations = { format: 2, of: { ...before, [weights]: whole } }
  await writeFileAtomic(join(folder, runFiles.evaluation), `${sealJson(after, 2)}\n`)
  return true
}

const readsMore = ({ rows, corrupted }: Evaluation): boolean =>
  corrupted !== undefined || rows.some(({ lowLabel }) => lowLabel !== undefined)

/** An evaluation, and what one before it found that it was not asked for. */
function completed({ rows, corrupted, ...now }: Evaluation, before: Evaluation): Evaluation {
  return {
    ...now,
    rows: rows.map((row, i) => {
      const earlier = before.rows[i]?.name === row.name ? (before.rows[i].lowLabel ?? []) : []
      const lowLabel = [...(row.lowLabel ?? []), ...without(earlier, row.lowLabel ?? [], 'labels')]
      return { ...row, lowLabel: lowLabel.length === 0 ? undefined : lowLabel }
    }),
    corrupted: corrupted?.map(found => joined(found, before.corrupted)) ?? before.corrupted
  }
}

/** What was read under corruptions, and what was read under others before. */
function joined(found: Corrupted, before: Evaluation['corrupted']): Corrupted {
  const earlier = before?.find(({ name }) => name === found.name)?.readouts ?? []
  const readouts = [...found.readouts, ...without(earlier, found.readouts, 'kind')]
  return { ...found, readouts, mean: readouts.reduce((sum, { linear }) => sum + linear, 0) / readouts.length }
}

/** Those of the ones that are alike none of the others in this field. */
const without = <T, K extends keyof T>(ones: readonly T[], others: readonly T[], field: K): readonly T[] =>
  ones.filter(one => !others.some(other => other[field] === one[field]))
