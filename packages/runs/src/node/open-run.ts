import { join, resolve } from 'node:path'
import { decodeSafetensors, deserialiseTree } from '@lapstrake/checkpoints'
import {
  checkGiven,
  checkOptions,
  dispose,
  networkOf,
  seeded,
  type Network,
  type Owned,
  type Variables
} from '@lapstrake/core'
import { encoderOf, type Encoder, type NetworkEncoder } from '@lapstrake/encoder'
import { readWholeFile } from '@lapstrake/files/node'
import * as tf from '@tensorflow/tfjs-core'
import { loadKeptRecipe, type KeptRecipe } from './load-experiment.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { recipeChanges } from './recipe-bundle.ts'
import { canGoOn, settled, unfinishedWithin } from './run-directory.ts'
import { runFiles } from './run-file-names.ts'

/** What a run learned, ready to use. */
export interface OpenRun extends KeptRecipe, NetworkEncoder, Pick<Encoder, 'dispose'> {
  readonly manifest: Manifest
  readonly network: Network
  /** The variables of its stages as they were saved. They are freed by `dispose`. */
  readonly trained: readonly Variables[]
  /** The same before the first step, for the caller to free. */
  untrained(): Owned<readonly Variables[]>
}

export interface OpenRunOptions {
  /** The file of the run to read: `weights.safetensors` when left out, or `best.safetensors`, or a checkpoint. */
  readonly weights?: string | undefined
}

/**
 * Opens what a run learned, on the backend that is set, such as by `useBackend('wasm')`:
 *
 *     const { encode, read } = await openRun('runs/loco-0')
 *     const features = encode(await read('photo.jpg'), { pooled: true })
 *
 * It is read with the recipe that it keeps; `notes` say what a reader should know, such as that the file which the
 * recipe came from has changed since.
 *
 * @throws Error if there is no run, it is damaged, or its weights are not of its recipe's network
 */
export async function openRun(path: string, options: OpenRunOptions = {}): Promise<OpenRun> {
  checkOptions<OpenRunOptions>('openRun', options, { weights: 'string' })
  checkGiven('openRun', "the folder of a run, as in 'runs/loco-0'", path, 'string')
  const { weights = runFiles.weights } = options
  if (!tf.getBackend())
    throw new Error("openRun: expected a backend to be set, got none. Call await useBackend('wasm') before.")
  const manifest = await readManifest(await settled(path))
  const { notes, ...kept } = await loadKeptRecipe(path, manifest)
  const network = networkOf(kept.experiment.backbone, manifest.inputShape)
  const untrained = (): Owned<readonly Variables[]> => network.init(seeded(manifest.seed).split('weights'))
  const trained = stagesIn(await bytesOf(path, weights), untrained, resolve(path, weights))
  return {
    ...kept,
    ...encoderOf(network, trained),
    manifest,
    network,
    trained,
    untrained,
    notes: [...notes, ...(await changesOf(path, manifest)), ...unfinishedWithin(path)],
    dispose: () => dispose(trained)
  }
}

/** Says that the file which a run's recipe came from has changed. */
const changesOf = async (path: string, manifest: Manifest): Promise<readonly string[]> =>
  (await recipeChanges(path, manifest)) === undefined
    ? []
    : [
        `${manifest.recipe} has changed since this run; the run is read with the recipe that it keeps, ` +
          `${join(path, runFiles.recipe)}.`
      ]

/** The stages in a file of weights, or in that of a whole run, as a checkpoint is; heads are nobody's business here. */
function stagesIn(
  bytes: Uint8Array,
  untrained: () => Owned<readonly Variables[]>,
  name: string
): Owned<readonly Variables[]> {
  const isRun = decodeSafetensors(bytes, { name }).metadata.format?.startsWith('lapstrake-run-') === true
  const part = isRun ? { part: 'state' } : {}
  const like = untrained()
  try {
    return deserialiseTree(bytes, { stages: like }, { name, ignoreRest: true, ...part }).stages as Owned<
      readonly Variables[]
    >
  } finally {
    dispose(like)
  }
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
