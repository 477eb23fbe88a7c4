import { checkOptions } from '@lapstrake/core'
import { checkRunOptions, runKinds } from './check-run-options.ts'
import type { Experiment } from './experiment.ts'
import { run } from './run.ts'
import type { Trained, TrainOptions } from './train-options.ts'

/**
 * Runs an experiment to its end. To see more of it on the way, or to leave it, loop over {@link run}.
 *
 * @throws Error what {@link run} throws
 */
export async function train(experiment: Experiment, options: TrainOptions = {}): Promise<Trained> {
  checkOptions<TrainOptions>('train', options, { ...runKinds, onStep: 'function', onWarning: 'function' })
  checkRunOptions('train', options)
  const { onStep, onWarning = console.warn, ...others } = options
  for await (const event of run(experiment, others)) {
    if (event.kind === 'warning') onWarning(event.message)
    if (event.kind === 'step') await onStep?.(event.metrics, event)
    if (event.kind === 'end') return { trainer: event.trainer, state: event.keep(), interrupted: event.interrupted }
  }
  throw new Error('train: expected the run to end, but it did not.')
}
