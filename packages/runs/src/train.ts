import type { Experiment } from './experiment.ts'
import { run } from './run.ts'
import type { Trained, TrainOptions } from './train-options.ts'

/**
 * Runs an experiment to its end. To see more of it on the way, or to leave it, loop over {@link run}.
 *
 * @throws Error what {@link run} throws
 */
export async function train(
  experiment: Experiment,
  { onStep, onWarning = console.warn, ...options }: TrainOptions = {}
): Promise<Trained> {
  for await (const event of run(experiment, options)) {
    if (event.kind === 'warning') onWarning(event.message)
    if (event.kind === 'step') await onStep?.(event.metrics, event)
    if (event.kind === 'end') return { trainer: event.trainer, state: event.keep(), interrupted: event.interrupted }
  }
  throw new Error('train: expected the run to end, but it did not.')
}
