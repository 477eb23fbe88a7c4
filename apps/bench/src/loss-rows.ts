// One row for each loss and batch size: ours, and PyTorch's beside it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { dispose } from 'lapstrake'
import type { Contender } from './loss-contenders.ts'
import { addressable, median, megabytes, peakOf, rounded, timed } from './measuring.ts'
import { materialOf, problemOf } from './problem.ts'
import type { Peer } from './torch-peer.ts'

/** Times are medians of one step, forward and backward, warm. */
export interface Row {
  readonly loss: string
  /** Examples, each in two views. */
  readonly batch: number
  readonly oursMs?: number
  readonly peerMs?: number
  /** Theirs over ours: above 1 ours is faster. */
  readonly ratio?: number
  readonly peakMb?: number
  /** How far our loss is from theirs, relative. */
  readonly lossDifference?: number
  /** How far the length of our gradient is from that of theirs, relative. */
  readonly gradientDifference?: number
  /** Why it was not measured. */
  readonly skipped?: string
}

/** Measures a loss at one batch size, ours and theirs in turn, so that a busy moment of the machine meets both. */
export async function measureRow(contender: Contender, batch: number, repeats: number, peer?: Peer): Promise<Row> {
  const { name, kind, limit } = contender
  if (limit !== undefined && batch > limit.batch) return { loss: name, batch, skipped: limit.because }
  const needed = addressable() === Infinity ? 0 : await foreseenPeak(contender, batch)
  if (needed > addressable()) return { loss: name, batch, skipped: `needs some ${(needed / 1e9).toPrecision(2)} GB for its tensors; wasm addresses 4 GB for all` }

  const material = materialOf(batch, kind)
  const problem = problemOf(contender, material)
  const answer = await problem.solve()
  if (!Number.isFinite(answer.loss) || !Number.isFinite(answer.gradientLength)) {
    throw new Error(`bench: expected ${name} to be finite for a batch of ${batch}, got ${JSON.stringify(answer)}.`)
  }
  const peakMb = megabytes(await peakOf(problem.step))
  const rival = peer?.losses.includes(name) ? peer : undefined
  const theirAnswer = await rival?.load(name, problem.inputs)
  const [ours, theirs]: [number[], number[]] = [[], []]
  // The first half second is for compilers and caches.
  for (const began = performance.now(); performance.now() < began + 500;) {
    await problem.step()
    await rival?.step(name)
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    ours.push(await timed(problem.step))
    if (rival) theirs.push(await rival.step(name))
  }
  problem.dispose()
  dispose(material)

  const row = { loss: name, batch, oursMs: rounded(median(ours)) }
  if (theirAnswer === undefined) return { ...row, peakMb }
  return {
    ...row, peerMs: rounded(median(theirs)), ratio: rounded(median(theirs) / median(ours)), peakMb,
    lossDifference: apart(answer.loss, theirAnswer.loss), gradientDifference: apart(answer.gradientLength, theirAnswer.gradientLength)
  }
}

const apart = (found: number, expected: number): number => rounded(Math.abs(found / expected - 1))

/** The peak at a batch size, from how it grows up to a quarter of it. What does not fit would overwrite the backend's own memory: better not to try. */
async function foreseenPeak(contender: Contender, batch: number): Promise<number> {
  const peaks: number[] = []
  for (const size of [batch / 8, batch / 4]) {
    const material = materialOf(Math.ceil(size), contender.kind)
    const problem = problemOf(contender, material)
    peaks.push(await peakOf(problem.step))
    problem.dispose()
    dispose(material)
  }
  const [eighth, quarter] = peaks as [number, number]
  return quarter * (quarter / eighth) ** 2
}

/** Runs this program again for one row: the memory of wasm never shrinks, and what one loss leaves of it is not another's concern. */
export async function rowInOwnProcess(loss: string, batch: number, args: readonly string[]): Promise<Row> {
  const again = [...process.execArgv, process.argv[1]!, ...args, '--only', 'losses', '--losses', loss, '--sizes', String(batch), '--json']
  try {
    const { stdout } = await promisify(execFile)(process.execPath, again)
    return (JSON.parse(stdout) as { rows: readonly [Row] }).rows[0]
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    if (stderr.includes('RuntimeError: memory access out of bounds')) return { loss, batch, skipped: 'ran out of the 4 GB that wasm addresses' }
    throw new Error(`bench: expected a row of ${loss} at ${batch}, got none: ${/^\w*Error: .*$/m.exec(stderr)?.[0] ?? message}`, { cause: error })
  }
}
