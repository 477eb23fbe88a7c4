import { join, resolve } from 'node:path'
import {
  createTrainer,
  seeded,
  type Dataset,
  type Experiment,
  type Loss,
  type NetworkVariables,
  type State,
  type Trainer
} from 'lapstrake'
import { decodeSafetensors, deserialiseTree, readWholeFile } from 'lapstrake/node'
import { dataByName } from './data-by-name.ts'
import { loadKeptExperiment } from './load-experiment.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { recipeChanges } from './recipe-bundle.ts'
import { canGoOn, settled, unfinishedWithin } from './run-directory.ts'
import { runFiles } from './run-files.ts'

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
  data(split: 'train' | 'test', limit?: number): Promise<Dataset>
}

export interface OpenRunOptions {
  /** The file of weights to read. */
  readonly weights?: string
  /** Data in place of the run's own, as where that lies elsewhere now. */
  readonly data?: string | undefined
}

/**
 * Opens the folder of a run to look at what it learnt. It is read with the recipe that it keeps; that the file which
 * this came from has changed is said.
 */
export async function openRun(
  path: string,
  { weights = runFiles.weights, data }: OpenRunOptions = {}
): Promise<OpenRun> {
  const manifest = await readManifest(await settled(path))
  const experiment = await loadKeptExperiment(path, manifest)
  if ((await recipeChanges(path, manifest)) !== undefined) {
    process.stderr.write(
      `${manifest.recipe} has changed since this run; the run is read with the recipe that it keeps, ` +
        `${join(path, runFiles.recipe)}.\n`
    )
  }
  const file = resolve(path, weights)
  const trainer = createTrainer(withoutLosses(experiment), { inputShape: manifest.inputShape })
  const untrained = trainer.init(seeded(manifest.seed).split('weights'))
  const like = {
    stages: untrained.stages,
    heads: Object.fromEntries(Object.entries(untrained.units).map(([name, { head }]) => [name, head]))
  }
  unfinishedWithin(path).forEach(note => process.stderr.write(`${note}\n`))
  const stages = stagesIn(await bytesOf(path, weights), like, file)
  return {
    manifest,
    experiment,
    trainer,
    untrained,
    trained: { ...untrained, stages },
    data: (split, limit = split === 'train' ? manifest.examples : undefined) =>
      dataByName(data ?? manifest.data, split, limit).catch((error: Error) => {
        throw new Error(
          data === undefined ? `${error.message} If it lies elsewhere now, name the place with --data.` : error.message,
          { cause: error }
        )
      })
  }
}

/** The stages in a file of weights, or in that of a whole run, as a checkpoint is. */
function stagesIn(bytes: Uint8Array, like: Pick<NetworkVariables, 'stages' | 'heads'>, name: string): State['stages'] {
  const { metadata } = decodeSafetensors(bytes, { name })
  if (!metadata.format?.startsWith('lapstrake-run-')) return deserialiseTree(bytes, like, { name }).stages
  return deserialiseTree(bytes, { stages: like.stages }, { name, part: 'state', ignoreRest: true }).stages
}

async function bytesOf(folder: string, weights: string): Promise<Uint8Array> {
  const path = resolve(folder, weights)
  return readWholeFile(path).catch((error: Error) => {
    const kept =
      weights === runFiles.weights && canGoOn(folder)
        ? ` The run has not ended; to read it as it was kept last: --weights ${runFiles.state}`
        : ''
    throw new Error(`${error.message}${kept}`, { cause: error })
  })
}

/** Whoever only looks needs no teacher, no target network and nothing that a loss remembers. */
function withoutLosses({ teacher: _, target: __, auxiliary, ...experiment }: Experiment): Experiment {
  const silent: Loss = () => {
    throw new Error('openRun: expected nobody to learn from a run that was opened to be read.')
  }
  return {
    ...experiment,
    loss: () => silent,
    ...(auxiliary && { auxiliary: auxiliary.map(unit => ({ ...unit, loss: silent })) })
  }
}
