import {
  collectFeatures,
  createTrainer,
  linearProbe,
  run,
  subset,
  type ImageDataset,
  type Experiment,
  type State
} from 'lapstrake'
import type * as tf from '@tensorflow/tfjs-core'
import type { RaceEvent, RaceRequest } from './protocol.ts'
import { takeTurns, type Turn } from './turns.ts'

/** Images to learn from, and others that nobody learns from. */
export interface RaceData {
  readonly training: ImageDataset
  readonly held: ImageDataset
}

/**
 * Trains several experiments step by step in turn, so that each step has the machine for itself and a busy moment of
 * the machine meets them all. Their losses are those that each would have alone.
 */
export async function runRace(
  experiments: readonly Experiment[],
  data: RaceData,
  request: RaceRequest,
  tell: (event: RaceEvent) => void
): Promise<void> {
  tell({ kind: 'data', name: data.training.name, size: data.training.size })
  const turns = takeTurns(experiments.length)
  await Promise.all(experiments.map((experiment, lane) => runLane(experiment, lane, turns[lane]!, data, request, tell)))
  tell({ kind: 'done' })
}

async function runLane(
  experiment: Experiment,
  lane: number,
  turn: Turn,
  { training, held }: RaceData,
  { seed, steps, lookEvery }: RaceRequest,
  tell: (event: RaceEvent) => void
): Promise<void> {
  await turn.come()
  const trainer = createTrainer(experiment, { inputShape: training.shape })
  tell({ kind: 'plan', lane, spans: trainer.units.map(({ start, end }) => ({ start, end })) })
  for await (const event of run(experiment, { dataset: training, seed, diagnoseEvery: 0 })) {
    if (event.kind !== 'step') continue
    const { step, losses, milliseconds, peakBytes } = event.metrics
    tell({ kind: 'step', lane, step, losses: Object.values(losses), milliseconds, peakBytes })
    if (step % lookEvery === 0 || step === steps) {
      const accuracy = await accuracyOf(event.state)
      tell({ kind: 'accuracy', lane, step, accuracy, chance: 1 / training.classes.length })
    }
    if (step === steps) break
    turn.pass()
    await turn.come()
  }
  turn.leave()

  async function accuracyOf(state: State): Promise<number> {
    const encode = (images: tf.Tensor): tf.Tensor => trainer.network.encode(state.stages, images)
    const { accuracy } = await linearProbe(
      await collectFeatures(first(training, 2000), encode),
      await collectFeatures(first(held, 1000), encode),
      { strengths: [1e-2] }
    )
    return accuracy
  }
}

/** Enough to look at a network without making the others wait. */
const first = (dataset: ImageDataset, count: number): ImageDataset =>
  subset(dataset, { count: Math.min(count, dataset.size) })
