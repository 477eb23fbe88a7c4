import { moco, symmetric, type Experiment } from 'lapstrake'
import loco from './03-loco.ts'

/**
 * MoCo (He et al. 2020) under LoCo: every unit has a queue of its own keys, which its part of a momentum encoder makes.
 *
 * The paper keeps keys of earlier batches in a queue, made by an encoder that follows slowly, so that there may be many
 * negatives in small batches; its features pass those of supervised training on seven tasks of detection and
 * segmentation.
 *
 * The lines: `target` is the encoder that follows, at 0.99 of its old weights a step. `moco` compares each row with its
 * key and with 1,024 of the queue; `symmetric` asks in both directions. All else is [LoCo's](./03-loco.ts).
 *
 * Expect it some points behind the negatives of the batch: 127 of them are enough here. It is for where memory forbids
 * large batches.
 *
 * Look at the first steps: the queue begins with random directions, which are easy, so the loss rises until real keys
 * have filled it.
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
