import { join, resolve } from 'node:path'
import { networkOf, seeded, type Network, type Variables } from '@lapstrake/core'
import type { Experiment } from '../experiment.ts'
import { decodeSafetensors, deserialiseTree } from '@lapstrake/checkpoints'
import { readWholeFile } from '@lapstrake/files/node'
import { loadKeptExperiment } from './load-experiment.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { recipeChanges } from './recipe-bundle.ts'
import { canGoOn, settled, unfinishedWithin } from './run-directory.ts'
import { runFiles } from './run-file-names.ts'

/** A run with all that its files say. */
export interface OpenRun {
  readonly manifest: Manifest
  readonly experiment: Experiment
  readonly network: Network
  /** The variables of its stages before the first step. */
  readonly untrained: readonly Variables[]
  /** The same as they were saved. */
  readonly trained: readonly Variables[]
}

export interface OpenRunOptions {
  /** The file of weights to read. */
  readonly weights?: string | undefined
}

/**
 * Opens the folder of a run to look at what it learnt. It is read with the recipe that it keeps; that the file which
 * this came from has changed is said.
 */
export async function openRun(path: string, { weights = runFiles.weights }: OpenRunOptions = {}): Promise<OpenRun> {
  const manifest = await readManifest(await settled(path))
  const experiment = await loadKeptExperiment(path, manifest)
  if ((await recipeChanges(path, manifest)) !== undefined) {
    process.stderr.write(
      `${manifest.recipe} has changed since this run; the run is read with the recipe that it keeps, ` +
        `${join(path, runFiles.recipe)}.\n`
    )
  }
  const file = resolve(path, weights)
  const network = networkOf(experiment.backbone, manifest.inputShape)
  const untrained = network.init(seeded(manifest.seed).split('weights'))
  unfinishedWithin(path).forEach(note => process.stderr.write(`${note}\n`))
  const trained = stagesIn(await bytesOf(path, weights), untrained, file)
  return { manifest, experiment, network, untrained, trained }
}

/** The stages in a file of weights, or in that of a whole run, as a checkpoint is; heads are nobody's business here. */
function stagesIn(bytes: Uint8Array, like: readonly Variables[], name: string): readonly Variables[] {
  const isRun = decodeSafetensors(bytes, { name }).metadata.format?.startsWith('lapstrake-run-') === true
  const part = isRun ? { part: 'state' } : {}
  return deserialiseTree(bytes, { stages: like }, { name, ignoreRest: true, ...part }).stages
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
