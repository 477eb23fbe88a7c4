import { moco, symmetric, type Experiment } from 'lapstrake'
import loco from './03-loco.ts'

/**
 * MoCo (He et al. 2020) under LoCo: every unit has a queue of its own keys, which its part of a momentum encoder makes.
 *
 * Expect it some points behind the negatives of the batch: 127 of them are enough here. It is for where memory forbids
 * large batches. Look at the first steps: the queue begins with random directions, which are easy, so the loss rises
 * until real keys have filled it.
 *
 *     npm run --silent study:recipe -- docs/recipes/09-moco-loco.ts
 */
const recipe: Experiment = {
  ...loco,
  name: 'moco-loco',
  target: { momentum: () => 0.99 },
  loss: () => symmetric(moco({ size: 1024, temperature: 0.1 }))
}

/** The same with the negatives of the batch alone. */
export const against: readonly Experiment[] = [loco]

export default recipe
