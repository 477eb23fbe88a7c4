import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  cifar10,
  cifar100,
  exampleBatch,
  fashionMnist,
  imageDataset,
  mnist,
  type Data,
  type Experiment,
  type ImageDataset,
  type PlanOptions
} from 'lapstrake'
import { loadExperiment, loadKeptRecipe, readManifest, runFiles, settled, type Settings } from '@lapstrake/runs/node'
import * as tf from '@tensorflow/tfjs-core'
import { UsageError } from '../terminal/usage-error.ts'
import { onProgress } from './data-by-name.ts'
import { dataFor } from './data-of-run.ts'

/** What is planned, and what enters its network. */
export interface Planned {
  readonly experiment: Experiment
  readonly input: Pick<PlanOptions, 'inputShape' | 'like' | 'examples' | 'labels'>
}

/**
 * A recipe and what its data hold; a run and what it learned from, which it remembers; or images of the shape that was
 * typed.
 *
 * @param shape of images, in place of the data's
 */
export async function plannedOf(
  path: string,
  settings: Settings,
  shape: PlanOptions['inputShape'] | undefined
): Promise<Planned> {
  if (existsSync(join(path, runFiles.manifest))) {
    if (Object.keys(settings).length > 0)
      throw new UsageError(`plan: expected no --set beside the run ${path}, which has its values. Name a recipe.`)
    const manifest = await readManifest(await settled(path))
    const { experiment, notes } = await loadKeptRecipe(path, manifest)
    notes.forEach(say)
    return { experiment, input: { inputShape: shape ?? manifest.inputShape, examples: manifest.examples } }
  }
  const experiment = await loadExperiment(path, settings)
  return { experiment, input: shape === undefined ? await inputOf(experiment) : { inputShape: shape } }
}

async function inputOf(experiment: Experiment): Promise<Planned['input']> {
  // Otherwise the JavaScript backend advertises another package when it is first used.
  tf.env().set('PROD', true)
  const dataset = await openOrStandIn(dataFor(experiment, undefined))
  const like = await exampleBatch(experiment, dataset)
  return { inputShape: like.views[0].shape.slice(1), like, examples: dataset.size, labels: dataset.labels }
}

/** Data that everybody knows, by name: what of them decides what a step needs. */
const known: Readonly<Record<string, Pick<ImageDataset, 'size' | 'shape'> & { readonly classCount: number }>> = {
  [cifar10().name]: { size: 50_000, shape: [32, 32, 3], classCount: 10 },
  [cifar100().name]: { size: 50_000, shape: [32, 32, 3], classCount: 100 },
  [mnist().name]: { size: 60_000, shape: [28, 28, 1], classCount: 10 },
  [fashionMnist().name]: { size: 60_000, shape: [28, 28, 1], classCount: 10 }
}

/** Opens data that are at hand; to plan with those that everybody knows, nothing is downloaded. */
async function openOrStandIn(data: Data): ReturnType<Data['open']> {
  const one = Object.hasOwn(known, data.name) ? known[data.name]! : undefined
  const download = new AbortController()
  try {
    return await data.open('train', {
      onProgress: one === undefined ? onProgress : ({ unit }) => unit === 'bytes' && download.abort(),
      signal: download.signal
    })
  } catch (error) {
    if (one === undefined) {
      const how = 'To plan without the data, say how large images are: --size 32'
      throw new Error(`${(error as Error).message} ${how}`, { cause: error })
    }
    const { size, shape, classCount } = one
    say(
      `${data.name} is not at hand: planned for ${size} images of ${shape.join(' × ')} in ${classCount} classes, ` +
        'all that it has.'
    )
    return standIn(data.name, one)
  }
}

/** Black images of their shape. */
const standIn = (name: string, { size, shape, classCount }: (typeof known)[string]): ImageDataset => {
  const labels = Int32Array.from({ length: size }, (_, i) => i % classCount)
  const image = new Uint8Array(shape.reduce((product, length) => product * length, 1))
  return imageDataset({
    ...{ name, size, shape, labels },
    classes: Array.from({ length: classCount }, (_, i) => String(i)),
    read: async places => Array.from(places, place => ({ image, label: labels[place]! }))
  })
}

const say = (what: string): void => {
  process.stderr.write(`${what}\n`)
}
