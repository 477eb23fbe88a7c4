import {
  createTrainer,
  dispose,
  mapTeachers,
  OutOfRoom,
  own,
  seeded,
  untrainedTeacher,
  type Shape,
  type TeacherVariables
} from '@lapstrake/core'
import type { Dataset } from '@lapstrake/data'
import type { Experiment, TrainedTeacher } from './experiment.ts'
import { firstExamples } from './trial-batch.ts'

/**
 * One look of all units at the first examples, with weights that nobody has taught: what an experiment would refuse
 * once others have been trained for it, it refuses before.
 *
 * @throws Error as a first step would
 */
export async function rehearse(experiment: Experiment, dataset: Dataset, inputShape: Shape): Promise<void> {
  const random = seeded(0)
  const batch = await firstExamples(experiment, dataset, Math.min(experiment.batchSize, dataset.size))
  try {
    const tried = own(() => {
      const { teacher, microBatch } = experiment
      const trainer = createTrainer(experiment, {
        inputShape,
        examples: dataset.size,
        labels: dataset.labels,
        microBatch,
        teacher:
          teacher &&
          mapTeachers<TrainedTeacher, TeacherVariables>(teacher, one => untrainedTeacher(one, inputShape, random))
      })
      return trainer.learn(trainer.init(random), batch)
    })
    dispose(tried)
  } catch (error) {
    // A run tries again, in smaller parts.
    if (!(error instanceof OutOfRoom)) throw error
  } finally {
    dispose(batch)
  }
}
