import { checkExperiment } from './check-experiment.ts'
import { linearReadout } from './linear-readout.ts'
import type { Experiment } from './experiment.ts'

/**
 * An experiment with a {@link linearReadout} on every stage, whose accuracies are in the metrics of the steps that are
 * diagnosed. Wants data with classes.
 *
 * @param classes how many
 * @throws RangeError if `classes` is not a whole number above 1
 * @throws TypeError for what is no experiment
 */
export function withProbes<E extends Experiment>(experiment: E, classes: number): E {
  if (!Number.isInteger(classes) || classes < 2)
    throw new RangeError(`withProbes: expected 2 classes or more, got ${classes}. Try dataset.classes.length.`)
  checkExperiment(experiment)
  const probes = experiment.backbone.stages.map((_, i) => linearReadout({ at: i + 1, classes }))
  return { ...experiment, auxiliary: [...(experiment.auxiliary ?? []), ...probes] }
}
