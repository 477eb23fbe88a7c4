import { checkGiven, checkOptions } from '@lapstrake/core'
import type { StepMetrics } from '../step-metrics.ts'
import type { RunOptions } from './manifest.ts'
import type { Outbox } from './outbox.ts'
import type { RunDirectory } from './run-directory.ts'

/** Milliseconds after which what could not be kept is tried again. */
const soon = 5000

export interface RunKeeperOptions {
  readonly run: RunDirectory
  readonly box: Outbox
  readonly options: RunOptions
  /** Ends the run behind the step under way. */
  readonly signal: AbortSignal
}

/**
 * Keeps a run as it stands, to be gone on with: behind the first step and the last, every so many seconds, and, for
 * good, every so many steps. Ask it behind every step.
 */
export function runKeeper(
  given: RunKeeperOptions
): (metrics: StepMetrics, save: () => Promise<Uint8Array>) => Promise<void> {
  checkOptions<RunKeeperOptions>('runKeeper', given, {
    run: 'record',
    box: 'record',
    options: 'record',
    signal: 'record'
  })
  const { run, box, options, signal } = given
  for (const [name, value] of Object.entries({ run, box, options, signal }))
    checkGiven('runKeeper', `${name} of a run that trains`, value, 'record')
  const every = 1000 * (options['keep-every'] ?? 60)
  const checkpointEvery = options['checkpoint-every'] ?? Infinity
  // The first step is kept at once: what cannot be kept is better known then, and what ends early can be gone on with.
  let kept = -Infinity
  return async ({ step, steps }, save) => {
    const ends = step === steps || signal.aborted
    const checkpoints = step % checkpointEvery === 0
    if (!ends && !checkpoints && performance.now() - kept < every) return
    try {
      const saved = await save()
      if (checkpoints) await box.send(`the checkpoint of step ${step}`, () => run.checkpoint(saved, step))
      await run.keep(saved)
      kept = performance.now()
    } catch (error) {
      if (ends) throw error
      // A disk that is full now may have room in a moment; a run of a day does not end for it.
      box.warn(error as Error)
      kept = performance.now() - every + Math.min(every, soon)
    }
  }
}
