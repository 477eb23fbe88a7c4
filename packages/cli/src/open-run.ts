import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTrainer, seeded, type Dataset, type Experiment, type Loss, type State, type Trainer } from 'lapstrake'
import { deserialiseTree } from 'lapstrake/node'
import { dataByName } from './data-by-name.ts'
import { loadExperiment } from './load-experiment.ts'
import { readManifest, type Manifest } from './run-directory.ts'

/** A run with all that its files say. */
export interface OpenRun {
  readonly manifest: Manifest
  readonly experiment: Experiment
  readonly trainer: Trainer
  /** The state it began with. */
  readonly untrained: State
  /** The same with the stages as they were saved. */
  readonly trained: State
  /** The data it learnt from. */
  readonly train: Dataset
}

/** Opens the folder of a run to look at what it learnt, by one of its files of weights. */
export async function openRun(path: string, weights: string = 'weights.safetensors'): Promise<OpenRun> {
  const manifest = await readManifest(path)
  const experiment = await loadExperiment(join(path, manifest.recipe))
  const train = await dataByName(manifest.data, 'train', manifest.examples)
  const trainer = createTrainer(withoutLosses(experiment), { inputShape: train.shape })
  const untrained = trainer.init(seeded(manifest.seed).split('weights'))
  const like = { stages: untrained.stages, heads: Object.fromEntries(Object.entries(untrained.units).map(([name, { head }]) => [name, head])) }
  const { stages } = deserialiseTree(await readFile(join(path, weights)), like)
  return { manifest, experiment, trainer, untrained, trained: { ...untrained, stages }, train }
}

/** Whoever only looks needs no teacher, no target network and nothing that a loss remembers. */
function withoutLosses({ teacher: _, target: __, auxiliary, ...experiment }: Experiment): Experiment {
  const silent: Loss = () => { throw new Error('openRun: expected nobody to learn from a run that was opened to be read.') }
  return { ...experiment, loss: () => silent, ...(auxiliary && { auxiliary: auxiliary.map(unit => ({ ...unit, loss: silent })) }) }
}
