// One row for each loss and batch size: ours, and PyTorch's beside it.
import { dispose, OutOfRoom } from 'lapstrake'
import { inTurn, type Race } from './in-turn.ts'
import type { Contender } from './loss-contenders.ts'
import { addressable, megabytes, peakOf, rounded } from './measuring.ts'
import { materialOf, problemOf, type Answer } from './problem.ts'
import { errorLine, runAgain } from './run-again.ts'
import type { Peer } from './torch-peer.ts'

/** Times are medians of one step, forward and backward, warm. */
export interface Row extends Partial<Race> {
  readonly loss: string
  /** Examples, each in two views. */
  readonly batch: number
  readonly peakMb?: number | undefined
  /** How far our loss is from theirs, relative. */
  readonly lossDifference?: number | undefined
  /** How far the length of our gradient is from that of theirs, relative. */
  readonly gradientDifference?: number | undefined
  /** Why it was not measured. */
  readonly skipped?: string | undefined
}

/** Measures a loss at one batch size, ours and theirs, as far as there is room for it. */
export async function measureRow(
  contender: Contender,
  batch: number,
  repeats: number,
  peer?: Peer<Answer>
): Promise<Row> {
  const { name, limit } = contender
  if (limit !== undefined && batch > limit.batch) return { loss: name, batch, skipped: limit.because }
  try {
    const needed = addressable() === Infinity ? 0 : await foreseenPeak(contender, batch)
    if (needed > addressable())
      return {
        loss: name,
        batch,
        skipped: `needs some ${(needed / 1e9).toPrecision(2)} GB for its tensors; wasm addresses 4 GB for all`
      }
    return await raced(contender, batch, repeats, peer)
  } catch (error) {
    if (!(error instanceof OutOfRoom)) throw error
    return { loss: name, batch, skipped: 'ran out of the 4 GB that wasm addresses' }
  }
}

async function raced(
  contender: Contender,
  batch: number,
  repeats: number,
  peer: Peer<Answer> | undefined
): Promise<Row> {
  const { name, kind } = contender
  const material = materialOf(batch, kind)
  const problem = problemOf(contender, material)
  const answer = await problem.solve()
  if (!Number.isFinite(answer.loss) || !Number.isFinite(answer.gradientLength)) {
    throw new Error(`bench: expected ${name} to be finite for a batch of ${batch}, got ${JSON.stringify(answer)}.`)
  }
  const peakMb = megabytes(await peakOf(problem.step))
  const rival = peer?.names.includes(name) ? peer : undefined
  const theirAnswer = await rival?.load(name, problem.inputs)
  const race = await inTurn(repeats, problem.step, rival && (() => rival.step(name)))
  problem.dispose()
  dispose(material)

  return {
    loss: name,
    batch,
    ...race,
    peakMb,
    ...(theirAnswer && {
      lossDifference: apart(answer.loss, theirAnswer.loss),
      gradientDifference: apart(answer.gradientLength, theirAnswer.gradientLength)
    })
  }
}

const apart = (found: number, expected: number): number => rounded(Math.abs(found / expected - 1))

/**
 * The peak at a batch size, from how it grows up to a quarter of it. What does not fit takes minutes to fail: better
 * not to try.
 */
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

/** The row from a process of its own. */
export async function rowInOwnProcess(loss: string, batch: number, args: readonly string[]): Promise<Row> {
  try {
    const { rows } = await runAgain<{ rows: readonly [Row] }>([
      ...args,
      '--only',
      'losses',
      '--losses',
      loss,
      '--sizes',
      String(batch),
      '--json'
    ])
    return rows[0]
  } catch (error) {
    throw new Error(`bench: expected a row of ${loss} at ${batch}, got none: ${errorLine(error as Error)}`, {
      cause: error
    })
  }
}
