import { join } from 'node:path'
import { openJson, readWholeFile, sealJson, writeFileAtomic } from 'lapstrake/node'
import type { Readout } from './readouts.ts'
import { runFiles } from './run-files.ts'

/** What `evaluate` read out of one file of weights. */
export interface Evaluation {
  /** Test examples. */
  readonly test: number
  /** Whether there are more of them. */
  readonly part: boolean
  readonly rows: readonly Readout[]
}

/** What `evaluate` leaves in the folder of a run. */
interface Evaluations {
  readonly format: 2
  /** By the name of the file of weights. */
  readonly of: Readonly<Record<string, Evaluation>>
}

/**
 * What was read out of the weights of a run; nothing where nobody did.
 *
 * @throws Error if the file is damaged
 */
export async function readEvaluations(folder: string): Promise<Readonly<Record<string, Evaluation>>> {
  const file = join(folder, runFiles.evaluation)
  const bytes = await readWholeFile(file).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return {}
  const found = openJson<Evaluations>(new TextDecoder().decode(bytes), file)
  const isWhole = found.format === 2 && typeof found.of === 'object' && found.of !== null && Object.values(found.of).every(isEvaluation)
  if (!isWhole) throw new Error(`${file}: expected readouts of format 2, got ${JSON.stringify(found).slice(0, 60)}. Delete it and evaluate the run again.`)
  return found.of
}

const isEvaluation = (one: Partial<Evaluation> | null): boolean =>
  typeof one?.test === 'number' && typeof one.part === 'boolean' && Array.isArray(one.rows) && one.rows.every(isReadout)

const isReadout = (row: Partial<Readout> | null): boolean =>
  typeof row?.name === 'string' && typeof row.linear === 'number' && typeof row.neighbours === 'number'

/** Leaves an evaluation in the folder of a run, unless one over more examples lies there; gives back whether it did. */
export async function leaveEvaluation(folder: string, weights: string, evaluation: Evaluation): Promise<boolean> {
  const before = await readEvaluations(folder).catch((error: Error) => {
    process.stderr.write(`${error.message} It is replaced.\n`)
    return {} as Awaited<ReturnType<typeof readEvaluations>>
  })
  if ((before[weights]?.test ?? 0) > evaluation.test) return false
  const after: Evaluations = { format: 2, of: { ...before, [weights]: evaluation } }
  await writeFileAtomic(join(folder, runFiles.evaluation), `${sealJson(after, 2)}\n`)
  return true
}
