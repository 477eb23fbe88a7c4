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
  /**
   * How long all of them may take, each an equal part of what is left; what is not begun by then has a note instead.
   */
  readonly seconds: number
  readonly backend: BackendName
}

const remedy = 'Ask for fewer images with --map, or allow more --seconds.'

/** Reads the first run of each recipe and maps its stages. A run that cannot be opened has no map, and a note. */
export async function mapsOfRuns(
  runs: readonly RecordedRun[],
  { images, seconds, backend }: MapsOfRunsOptions
): Promise<MapsOfRuns> {
  const firsts = runs.filter((run, i) => runs.findIndex(({ manifest }) => manifest.name === run.manifest.name) === i)
  const maps = new Map<string, readonly StageMap[]>()
  const notes: string[] = []
  if (images === 0) return { maps, notes }
  process.stderr.write(
    `Mapping the stages of ${firsts.length === 1 ? 'a run' : `${firsts.length} runs`} by ${images} test images; ` +
      `no map is begun after ${seconds} s, and none is made with --map 0.\n`
  )
  await useBackend(backend)
  const end = performance.now() + 1000 * seconds
  for (const [i, { path, manifest }] of firsts.entries()) {
    const now = performance.now()
    const share = Math.round((end - now) / (firsts.length - i))
    const late = (what: string): unknown => notes.push(`${path}: no map of ${what} within ${seconds} s. ${remedy}`)
    if (share <= 0) {
      late('its stages')
      continue
    }
    // Data that are not at hand are loaded, which may take longer than there is.
    const signal = AbortSignal.timeout(share)
    try {
      const run = await openRun(path)
      try {
        const test = await dataOfRun(run, 'test', undefined, { limit: images, signal })
        const made = await stageMaps(run, {
          ...{ test, prepare: fitted(test, manifest.inputShape), until: now + share },
          onProgress: what => process.stderr.isTTY && process.stderr.write(`\r\x1b[2K${path}: ${what}`)
        })
        maps.set(path, made)
        const left = manifest.stages.length + 1 - made.length
        if (left > 0) late(made.length === 0 ? 'its stages' : `its lowest ${left} of ${left + made.length}`)
      } finally {
        run.dispose()
      }
    } catch (error) {
      if (signal.aborted && error === signal.reason) late('its stages')
      else notes.push(`${path}: no map of its stages. ${(error as Error).message}`)
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
  return { maps, notes }
}
