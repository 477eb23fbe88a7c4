// How long a step takes, one thread: the windows of a comparison in turn, so that a busy moment of the machine meets
// all of them.
import * as tf from '@tensorflow/tfjs-core'
import { createTrainer, dispose, own, seeded, viewsOf, type Owned, type State } from 'lapstrake'
import { median, rounded, timed } from '../measuring.ts'
import { dataSets } from './data-sets.ts'
import { comparisons, experimentOf, type Comparison, type Window } from './design.ts'

/** Median milliseconds of a step with its augmentation, by comparison and window. */
export type StepTimes = Readonly<Record<string, Readonly<Record<string, number>>>>

export async function measureStepTimes(repeats: number, onProgress: (message: string) => void): Promise<StepTimes> {
  const times: Record<string, Record<string, number>> = {}
  for (const comparison of comparisons) {
    const { name, windows } = comparison
    const contenders = windows.map(window => contender(comparison, window))
    const found = contenders.map((): number[] => [])
    for (const { step } of contenders) step()
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [i, { step }] of contenders.entries()) found[i]!.push(await timed(step))
    }
    for (const { stop } of contenders) stop()
    times[name] = Object.fromEntries(windows.map((window, i) => [window, rounded(median(found[i]!))]))
    onProgress(
      `${name}: ${Object.entries(times[name])
        .map(([window, ms]) => `${window} ${ms} ms`)
        .join(', ')}`
    )
  }
  return times
}

function contender({ name, data, scale }: Comparison, window: Window): { step(): void; stop(): void } {
  const { shape } = dataSets[data]
  const experiment = experimentOf({ comparison: name, window, seed: 0 }, scale)
  const trainer = createTrainer(experiment, { inputShape: shape })
  const random = seeded(0)
  let state: Owned<State> = trainer.init(random)
  const pixels = random.uniform([scale.batchSize, ...shape])
  const labels = own(() => tf.cast(tf.mod(tf.range(0, scale.batchSize), 10), 'int32') as tf.Tensor1D)
  return {
    step() {
      const views = own(() => ({ views: viewsOf(experiment.views, pixels, random) }))
      const { state: next, losses, embeddings, gradientNorms } = trainer.step(state, { ...views, labels })
      state = next
      dispose(views)
      dispose(losses)
      dispose(embeddings)
      dispose(gradientNorms)
    },
    stop() {
      dispose(state)
      pixels.dispose()
      labels.dispose()
    }
  }
}
