import { checkGiven } from '@lapstrake/core'
import { open, type FileHandle } from 'node:fs/promises'
import type { StepMetrics } from '../step-metrics.ts'
import { openJson, sealJson } from '@lapstrake/files'
import { isCount, isNumberOrNull, listOf, objectOf, recordOf, type Is, type Shapes } from './json-shapes.ts'
import { withoutPrototype } from './without-prototype.ts'

/** The file that a run writes a line into for each step. */
export interface StepLog {
  /** Takes a step, to be written next. */
  add(metrics: StepMetrics): void
  /**
   * Writes the steps that were taken, behind those written before; those that cannot be now are tried again by the next
   * call.
   */
  write(): Promise<void>
  /** Has the system write down all lines for good, so that no power cut takes those of steps that are kept. */
  settle(): Promise<void>
}

/** What a run wrote down, and what of it cannot be read. */
export interface ReadSteps {
  readonly steps: readonly StepMetrics[]
  /** Whether the last line is no whole one, as after a crash. */
  readonly cut: boolean
  /** The numbers of other lines that are damaged, from 1. */
  readonly damaged: readonly number[]
}

/**
 * Goes on behind the last line of a file. Each line is written at the place where the one before ended: half a line, as
 * on a full disk, is overwritten and hides no other.
 *
 * @throws Error if there is no such file
 */
export async function stepLog(path: string): Promise<StepLog> {
  const file = await open(path, 'r+')
  let { size } = await file.stat()
  let waiting = ''
  const write = async (): Promise<void> => {
    if (waiting === '') return
    try {
      size += await writeAt(file, new TextEncoder().encode(waiting), size)
      waiting = ''
    } catch (error) {
      // Whoever reads meanwhile sees whole lines only.
      await file.truncate(size).catch(() => undefined)
      throw cannot(error)
    }
  }
  const cannot = (error: unknown): Error =>
    new Error(`${path}: expected to write step by step, but could not (${codeOf(error)}). ${adviceFor(error)}`, {
      cause: error
    })
  return {
    add(metrics) {
      waiting += `${lineOf(metrics)}\n`
    },
    write,
    async settle() {
      await write()
      await file.sync().catch((error: unknown) => {
        throw cannot(error)
      })
    }
  }
}

/** A step as a line of its own, with a checksum. */
export function lineOf(metrics: StepMetrics): string {
  checkGiven('lineOf', 'the metrics of a step', metrics, 'record')
  return sealJson(metrics)
}

/** Reads lines, whole or not, in the order of the file. */
export function stepsIn(text: string, path: string): ReadSteps {
  checkGiven('stepsIn', 'the text of a file', text, 'string')
  checkGiven('stepsIn', 'the path of that file', path, 'string')
  const lines = text.split('\n')
  const last = lines.findLastIndex(line => line !== '')
  const read = lines.map((line, i) => (line === '' ? undefined : parsed(line, `${path}, line ${i + 1}`)))
  const broken = lines.flatMap((line, i) => (line !== '' && read[i] === undefined ? [i] : []))
  // Whoever was killed had not yet written the end of the last line.
  const cut = broken.includes(last) && lines.at(-1) !== ''
  return {
    steps: read.filter(step => step !== undefined),
    cut,
    damaged: broken.filter(i => !cut || i !== last).map(i => i + 1)
  }
}

function parsed(line: string, name: string): StepMetrics | undefined {
  try {
    const step = openJson<StepMetrics>(line, name)
    if (!isStep(step)) return undefined
    // Training without end has a length that JSON has no word for, either.
    const steps = step.steps ?? Infinity
    if (step.step > steps) return undefined
    const { peakBytes, ...rest } = withNumbers(step) as Partial<StepMetrics> & Omit<StepMetrics, 'peakBytes'>
    // Older runs wrote down what is alive between steps, which is another thing.
    return { ...rest, peakBytes: peakBytes ?? NaN, steps }
  } catch {
    return undefined
  }
}

const each = (...names: readonly string[]): Shapes => Object.fromEntries(names.map(name => [name, isNumberOrNull]))

const isStep: Is = objectOf(
  {
    step: value => isCount(value) && value !== 0,
    steps: value => value === null || isCount(value),
    epoch: isCount,
    losses: recordOf(isNumberOrNull),
    milliseconds: Number.isFinite,
    waited: Number.isFinite
  },
  {
    peakBytes: isCount,
    replaced: isCount,
    diagnoses: recordOf(
      objectOf(
        each(
          'positiveSimilarity',
          'negativeSimilarity',
          'alignment',
          'uniformity',
          'topOne',
          'deviation',
          'effectiveRank',
          'gradientNorm'
        ),
        each('plateau')
      )
    ),
    stages: listOf(objectOf(each('updateRatio'), each('gradientNorm', 'neighbours', 'probe')))
  }
)

/** A number that JSON has no word for, such as the uniformity of equal rows, was written as null. */
function withNumbers(value: unknown): unknown {
  if (value === null) return NaN
  if (Array.isArray(value)) return value.map(withNumbers)
  if (typeof value !== 'object') return value
  return withoutPrototype(Object.entries(value).map(([name, one]) => [name, withNumbers(one)]))
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
  return bytes.length
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message

const adviceFor = (error: unknown): string =>
  ['ENOSPC', 'EDQUOT'].includes(codeOf(error)) ? 'The disk is full: make room.' : 'Check the folder.'
