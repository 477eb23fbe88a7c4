// One run of the study: trains, reads out every stage, measures.
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  collectLevels,
  linearProbe,
  nearestNeighbours,
  plan,
  run,
  subset,
  type Features,
  type ImageDataset,
  type Network,
  type Split,
  type Variables
} from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { rounded } from '../measuring.ts'
import { dataSets } from './data-sets.ts'
import { comparisonNamed, experimentOf, levelsOf, type Cell, type Scale } from './design.ts'

/** Accuracies on the test images of what reads a stage's features. */
export interface StageResult {
  readonly linear: number
  readonly neighbours: number
}

/** Nearest neighbours of the top stage after an epoch, on some of the images. */
interface CurvePoint {
  readonly epoch: number
  readonly neighbours: number
}

export interface CellResult {
  readonly cell: Cell
  readonly scale: Scale
  /** From the bottom. */
  readonly stages: readonly StageResult[]
  readonly curve: readonly CurvePoint[]
  /** Most bytes of tensors in a step, as planned. */
  readonly peakBytes: number
  readonly stepMultiplyAdds: number
  readonly losses: Readonly<Record<string, number>>
}

/** Most images that readouts learn from: what more of them change is below a point, and takes long. */
const known = 20_000

/** Features of the levels that are read, from the bottom. */
export const featuresOf = (
  network: Network,
  variables: readonly Variables[],
  data: ImageDataset,
  levels: readonly number[]
): Promise<readonly Features[]> => collectLevels(data, images => network.levels(variables, images, { which: levels }))

/**
 * @param unfinished a folder that remembers, epoch by epoch, the run under way
 */
export async function runCell(
  cell: Cell,
  scale: Scale,
  unfinished: string,
  onProgress: (message: string) => void
): Promise<CellResult> {
  const [training, testing] = [await imagesOf(cell, 'train', scale.examples), await imagesOf(cell, 'test', scale.tests)]
  const experiment = experimentOf(cell, scale)
  const { name, views } = experiment
  const levels = levelsOf(cell)
  const { peakBytes, stepMultiplyAdds } = await plan(experiment, {
    inputShape: training.shape,
    batch: scale.batchSize,
    views: views.length
  })
  const learned = first(training, known)
  const [some, few] = [first(training, 5000), first(testing, 1000)]
  const stepsOfEpoch = Math.floor(scale.examples / scale.batchSize)
  const [stateFile, curveFile] = [join(unfinished, `${name}.safetensors`), join(unfinished, `${name}.json`)]
  const resume = existsSync(stateFile) ? new Uint8Array(await readFile(stateFile)) : undefined
  const curve: CurvePoint[] =
    resume === undefined ? [] : (JSON.parse(await readFile(curveFile, 'utf8')) as CurvePoint[])
  let losses: Readonly<Record<string, number>> = {}

  for await (const event of run(experiment, { dataset: training, seed: cell.seed, diagnoseEvery: 0, resume })) {
    if (event.kind === 'warning') onProgress(event.message)
    if (event.kind === 'step' && event.metrics.step % stepsOfEpoch === 0) {
      losses = event.metrics.losses
      const epoch = event.metrics.epoch + 1
      const { network } = event.trainer
      const top = levels.slice(-1)
      const [[knownOfTop], [askedOfTop]] = [
        await featuresOf(network, event.state.stages, some, top),
        await featuresOf(network, event.state.stages, few, top)
      ]
      const neighbours = rounded(await nearestNeighbours(knownOfTop!, askedOfTop!))
      curve.splice(epoch - 1, Infinity, { epoch, neighbours })
      if (epoch < scale.epochs) {
        // What the curve knows too much, the next epoch writes anew.
        await writeFileAtomic(curveFile, JSON.stringify(curve))
        await writeFileAtomic(stateFile, await event.save())
      }
      const rest = Object.values(losses).map(loss => loss.toFixed(2))
      onProgress(
        `${name}: epoch ${epoch} of ${scale.epochs}, ${(100 * neighbours).toFixed(1)} % by nearest neighbours, ` +
          `losses ${rest.join(' ')}`
      )
    }
    if (event.kind === 'end') {
      const { network } = event.trainer
      const stages = await readOut(
        await featuresOf(network, event.state.stages, learned, levels),
        await featuresOf(network, event.state.stages, testing, levels)
      )
      await Promise.all([stateFile, curveFile].map(file => rm(file, { force: true })))
      return { cell, scale, stages, curve, peakBytes, stepMultiplyAdds, losses }
    }
  }
  throw new Error(`study: expected ${name} to end, but it did not.`)
}

/** What reads out the stages, from the bottom. */
export async function readOut(known: readonly Features[], asked: readonly Features[]): Promise<StageResult[]> {
  const stages: StageResult[] = []
  for (const [i, features] of known.entries()) {
    stages.push({
      linear: rounded((await linearProbe(features, asked[i]!)).accuracy),
      neighbours: rounded(await nearestNeighbours(features, asked[i]!))
    })
  }
  return stages
}

const first = (dataset: ImageDataset, count: number): ImageDataset =>
  subset(dataset, { count: Math.min(count, dataset.size) })

export const imagesOf = (
  { comparison }: Pick<Cell, 'comparison'>,
  split: Split,
  limit: number
): Promise<ImageDataset> => dataSets[comparisonNamed(comparison).data].data().open(split, { limit })
