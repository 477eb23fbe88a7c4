import { useBackend, type BackendName } from 'lapstrake'
import { openRun, type RecordedRun } from '@lapstrake/runs/node'
import { stageMaps, type StageMap } from '../pages/stage-maps.ts'
import { dataOfRun } from './data-of-run.ts'
import { fitted } from './fitted.ts'

/** Maps of the stages of some runs, by the folder of the run, and why others have none. */
export interface MapsOfRuns {
  readonly maps: ReadonlyMap<string, readonly StageMap[]>
  readonly notes: readonly string[]
}

export interface MapsOfRunsOptions {
  /** Test images of each run. */
  readonly images: number
  /** How long all of them may take; what is not begun by then is left out, with a note. */
  readonly seconds: number
  readonly backend: BackendName
}

/** Reads the first run of each recipe and maps its stages. A run that cannot be opened has no map, and a note. */
export async function mapsOfRuns(
  runs: readonly RecordedRun[],
  { images, seconds, backend }: MapsOfRunsOptions
): Promise<MapsOfRuns> {
  const firsts = runs.filter((run, i) => runs.findIndex(({ manifest }) => manifest.name === run.manifest.name) === i)
  const maps = new Map<string, readonly StageMap[]>()
  const notes: string[] = []
  if (images === 0) return { maps, notes }
  await useBackend(backend)
  const until = performance.now() + 1000 * seconds
  for (const { path, manifest } of firsts) {
    try {
      const run = await openRun(path)
      try {
        const test = await dataOfRun(run, 'test', undefined, { limit: images })
        const made = await stageMaps(run, {
          ...{ test, prepare: fitted(test, manifest.inputShape), until },
          onProgress: what => process.stderr.isTTY && process.stderr.write(`\r\x1b[2K${path}: ${what}`)
        })
        maps.set(path, made)
        const left = manifest.stages.length + 1 - made.length
        if (left > 0)
          notes.push(`${path}: no map of the lower ${left} levels after ${seconds} s. Ask for fewer images with --map.`)
      } finally {
        run.dispose()
      }
    } catch (error) {
      notes.push(`${path}: no map of its stages. ${(error as Error).message}`)
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
  return { maps, notes }
}
