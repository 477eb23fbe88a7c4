import { join, resolve } from 'node:path'
import { decodeSafetensors, deserialiseTree } from '@lapstrake/checkpoints'
import {
  checkGiven,
  checkOptions,
  dispose,
  networkOf,
  own,
  seeded,
  type Network,
  type Owned,
  type Shape,
  type Variables
} from '@lapstrake/core'
import { readWholeFile } from '@lapstrake/files/node'
import * as tf from '@tensorflow/tfjs-core'
import { loadKeptRecipe, type KeptRecipe } from './load-experiment.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { recipeChanges } from './recipe-bundle.ts'
import { canGoOn, settled, unfinishedWithin } from './run-directory.ts'
import { runFiles } from './run-file-names.ts'

/** What a run learned, ready to use. */
export interface OpenRun extends KeptRecipe {
  readonly manifest: Manifest
  readonly network: Network
  /** The variables of its stages as they were saved. They are freed by `dispose`. */
  readonly trained: readonly Variables[]
  /** The same before the first step, for the caller to free. */
  untrained(): Owned<readonly Variables[]>
  /**
   * What the network makes of some inputs.
   *
   * @param inputs `[batch, ...]`, in the shape that the run learned from; images have values from 0 to 1
   * @param options the `level` to read, from 0 for the inputs to the top, when left out; and a `context` beside them
   * @returns what leaves the stage asked for, `[batch, ...]`
   * @throws Error for inputs of another shape
   */
  encode(inputs: tf.Tensor, options?: Parameters<Network['encode']>[2]): Owned<tf.Tensor>
  /** Frees what was trained. */
  dispose(): void
}

export interface OpenRunOptions {
  /** The file of the run to read: `weights.safetensors` when left out, or `best.safetensors`, or a checkpoint. */
  readonly weights?: string | undefined
}

/**
 * Opens what a run learned, on the backend that is set, such as by `useBackend('wasm')`:
 *
 *     const { encode } = await openRun('runs/loco-0')
 *     const features = encode(images)
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
    manifest,
    network,
    trained,
    untrained,
    notes: [...notes, ...(await changesOf(path, manifest)), ...unfinishedWithin(path)],
    encode(inputs, options) {
      checkInputs(inputs, manifest.inputShape)
      return own(() => network.encode(trained, inputs, options))
    },
    dispose: () => dispose(trained)
  }
}

function checkInputs({ shape }: tf.Tensor, inputShape: Shape): void {
  const [, ...each] = shape
  if (each.length === inputShape.length && each.every((length, i) => length === inputShape[i])) return
  throw new Error(
    `encode: expected inputs of shape [batch, ${inputShape.join(', ')}], as the run learned from, got ` +
      `[${shape.join(', ')}]. Bring them to that shape first.`
  )
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
