import { join } from 'node:path'
import { openJson, readWholeFile, sealJson, writeFileAtomic } from 'lapstrake/node'
import { isCount, isFlag, isText, listOf, objectOf, recordOf, type Is } from './json-shapes.ts'
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
  return parseEvaluations(new TextDecoder().decode(bytes), file)
}

/** @throws Error that names the file */
export function parseEvaluations(text: string, file: string): Evaluations['of'] {
  const found = openJson<Evaluations>(text, file)
  if (isWhole(found)) return found.of
  const got = JSON.stringify(found).slice(0, 60)
  throw new Error(`${file}: expected readouts of format 2, got ${got}. Delete it and evaluate the run again.`)
}

const isPart: Is = value => typeof value === 'number' && value >= 0 && value <= 1

const isWhole: Is = objectOf({
  format: value => value === 2,
  of: recordOf(objectOf({
    test: isCount, part: isFlag, rows: listOf(objectOf({ name: isText, linear: isPart, neighbours: isPart }))
  }))
})

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
