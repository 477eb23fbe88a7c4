import { LacksPart, subset, type Dataset } from 'lapstrake'
import { openRun, type OpenRun } from '@lapstrake/runs/node'
import { dataOfRun } from './data-of-run.ts'

/** Runs by their folders. Bounds on different data are bounds on different risks. */
export async function openAll(folders: readonly string[]): Promise<ReadonlyMap<string, OpenRun>> {
  const runs = new Map<string, OpenRun>()
  for (const folder of folders) {
    const run = await openRun(folder)
    run.notes.forEach(note => process.stderr.write(`${note}\n`))
    runs.set(folder, run)
  }
  const data = [...new Set([...runs.values()].map(({ manifest }) => manifest.data))]
  if (data.length > 1)
    throw new Error(`certify: expected runs that learned from the same data, got ${data.join(' and ')}. Name fewer.`)
  return runs
}

/** What is bounded needs no other data; those only measure it. */
export const testingOf = (run: OpenRun, data: string | undefined): Promise<Dataset | undefined> =>
  dataOfRun(run, 'test', data).catch((error: unknown) => {
    if (!(error instanceof LacksPart)) throw error
    process.stderr.write(`There is nothing to measure the risk on unseen data with. ${error.message}\n`)
    return undefined
  })

/** The training examples behind those that any of the runs learned from. */
export async function behind(
  runs: ReadonlyMap<string, OpenRun>,
  run: OpenRun,
  most: number,
  data: string | undefined
): Promise<Dataset> {
  const from = Math.max(...[...runs.values()].map(({ manifest }) => manifest.examples))
  const all = await dataOfRun(run, 'train', data, { limit: from + most })
  if (all.size > from) return subset(all, { from, count: all.size - from })
  throw new Error(
    `certify: expected training examples that no run learned from, got none: there are ${all.size}, and all were ` +
      `learned from. Train with --examples ${Math.ceil(0.95 * all.size)}, or choose by --select bound.`
  )
}
