import {
  adamW,
  convNet,
  dispose,
  drawSpans,
  endToEnd,
  greedy,
  ntXent,
  overlapping,
  projector,
  readStages,
  seeded,
  simclr,
  train,
  twoViews,
  warmupCosine,
  type ImageDataset,
  type Experiment,
  type Isolation,
  type Network,
  type StepMetrics,
  type Variables
} from 'lapstrake'
import { median } from '@lapstrake/evaluation/significance'
import type { Readout } from '@lapstrake/runs/node'
import { progress } from '../terminal/progress.ts'
import type { Race } from '../pages/race.ts'

/** From no gradient beyond a stage to one through all of them. */
const isolations: readonly (readonly [string, Isolation])[] = [
  ['greedy', greedy()],
  ['windows of two', overlapping()],
  ['windows of three', overlapping({ size: 3 })],
  ['end-to-end', endToEnd()]
]

/** What all of them learn from, and are read out with. */
export interface QuickData {
  readonly training: ImageDataset
  readonly testing: ImageDataset
}

/** Trains one backbone in each of the ways, one after another, and reads out each beside what nobody trained. */
export async function raceOf(
  { training, testing }: QuickData,
  { seed, epochs }: { readonly seed: number; readonly epochs: number }
): Promise<{ readonly races: readonly Race[]; readonly baselines: readonly Readout[] }> {
  const read = async (
    network: Network,
    variables: readonly Variables[],
    names: Readonly<Record<number, string>>
  ): Promise<readonly Readout[]> => {
    const levels = Object.keys(names).map(Number)
    const { readouts } = await readStages(network, variables, { train: training, test: testing, levels })
    return readouts.map(({ level, linear, neighbours }) => ({ name: names[level]!, linear: linear!, neighbours }))
  }

  const races: Race[] = []
  let baselines: readonly Readout[] = []
  for (const [name, isolation] of isolations) {
    const experiment = quickExperiment(name, isolation, training, epochs)
    const history: StepMetrics[] = []
    const bar = progress(name.padEnd(24), experiment.batchSize)
    const { trainer, state } = await train(experiment, {
      dataset: training,
      seed,
      onStep: metrics => {
        history.push(metrics)
        bar.step(metrics)
      }
    })
    bar.end()
    const depth = experiment.backbone.stages.length
    const untrained = trainer.init(seeded(seed).split('weights'))
    if (baselines.length === 0) {
      baselines = await read(trainer.network, untrained.stages, { 0: 'raw pixels', [depth]: 'untrained encoder' })
    }
    dispose(untrained)
    const [readout] = await read(trainer.network, state.stages, { [depth]: name })
    races.push({
      name,
      spans: drawSpans(isolation(depth), depth),
      history,
      readout: readout!,
      millisecondsPerStep: median(history.slice(3).map(({ milliseconds }) => milliseconds)) ?? 0,
      peakBytes: median(history.map(({ peakBytes }) => peakBytes)) ?? 0
    })
    dispose(state)
  }
  return { races, baselines }
}

/** One experiment; only its isolation differs from race to race, so that every way of learning has the same head. */
function quickExperiment(name: string, isolation: Isolation, training: ImageDataset, epochs: number): Experiment {
  const batchSize = 64
  const [size, , channels] = training.shape
  return {
    name,
    isolation,
    backbone: convNet({ widths: [16, 16, 32, 32, 64, 64], strides: [2, 1, 2, 1, 2, 1], layers: 1 }),
    head: () => projector({ dims: [128, 64] }),
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: adamW({
      learningRate: warmupCosine({
        peak: 3e-3,
        total: Math.max(40, epochs * Math.floor(training.size / batchSize)),
        warmup: 20
      })
    }),
    views: twoViews(
      channels === 1 ? simclr({ size, preset: 'gray' }) : simclr({ size, preset: 'cifar', leastArea: 0.4 })
    ),
    batchSize,
    epochs
  }
}

/** What the races came to, whichever way it went: what of the gap between the first and the last is won back. */
export function outcomeOf(races: readonly Race[]): string {
  const found = races.map(({ name, readout }) => ({ name, points: 100 * readout.linear }))
  const [greedy, whole] = [found[0]!, found.at(-1)!]
  const gap = whole.points - greedy.points
  // Less than that, another seed may change.
  if (gap < 2) {
    return (
      `Greedy learning loses nothing to end-to-end here (${signed(-gap)} points), so there is nothing to win back: ` +
      'every stage sees what matters. --data shapes shows the other case.'
    )
  }
  const [first, ...others] = found
    .slice(1, -1)
    .map(({ name, points }) => ({ name, share: `${Math.round((100 * (points - greedy.points)) / gap)} %` }))
  return (
    `Of the ${gap.toFixed(1)} points that greedy learning loses to end-to-end, ` +
    `${[`${first!.name} win back ${first!.share}`, ...others.map(({ name, share }) => `${name} ${share}`)].join(', ')}.`
  )
}

const signed = (points: number): string => `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(1)}`
