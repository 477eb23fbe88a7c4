// One run of the study: trains, reads out every stage, measures.
import {
  collectLevels,
  dispose,
  linearProbe,
  nearestNeighbours,
  networkOf,
  plan,
  seeded,
  subset,
  train,
  type ImageDataset,
  type Features,
  type Network,
  type Split,
  type Variables
} from 'lapstrake'
import { rounded } from '../measuring.ts'
import { dataSets, experimentOf, levelsOf, type Cell, type Scale } from './design.ts'

/** Accuracies on the test images of what reads a stage's features. */
export interface StageResult {
  /** Blocks below. */
  readonly blocks: number
  readonly linear: number
  readonly neighbours: number
}

export interface CellResult {
  readonly cell: Cell
  readonly scale: Scale
  readonly stages: readonly StageResult[]
  /** Linear readout of the top stage that learned from a part of the labels. */
  readonly fewLabels: Readonly<Record<'1 %' | '10 %', number>>
  /** Nearest neighbours of the top stage after each epoch. */
  readonly curve: readonly { readonly epoch: number; readonly neighbours: number }[]
  /** Most bytes of tensors in a step, as planned. */
  readonly peakBytes: number
  readonly stepMultiplyAdds: number
  readonly losses: Readonly<Record<string, number>>
}

/** Features of the levels that are read, from the bottom. */
export const featuresOf = (
  network: Network,
  variables: readonly Variables[],
  data: ImageDataset,
  levels: readonly number[]
): Promise<readonly Features[]> => collectLevels(data, images => network.levels(variables, images, { which: levels }))

export async function runCell(cell: Cell, scale: Scale, onProgress: (message: string) => void): Promise<CellResult> {
  const [training, testing] = [await dataOf(cell, 'train', scale.examples), await dataOf(cell, 'test', scale.tests)]
  const experiment = experimentOf(cell, scale)
  const levels = levelsOf(cell)
  const { peakBytes, stepMultiplyAdds } = await plan(experiment, { inputShape: training.shape, batch: scale.batchSize })
  const steps = Math.floor(scale.examples / scale.batchSize)
  const curve: { epoch: number; neighbours: number }[] = []
  let losses: Readonly<Record<string, number>> = {}
  const network = networkOf(experiment.backbone, training.shape)
  const fewTests = subset(testing, { count: Math.min(2000, testing.size) })
  const { state } = await train(experiment, {
    dataset: training,
    seed: cell.seed,
    diagnoseEvery: 0,
    async onStep(metrics, { state: borrowed }) {
      losses = metrics.losses
      if (metrics.step % steps === 0) {
        const top = levels.slice(-1)
        const [[known], [asked]] = [
          await featuresOf(network, borrowed.stages, training, top),
          await featuresOf(network, borrowed.stages, fewTests, top)
        ]
        const neighbours = rounded(await nearestNeighbours(known!, asked!))
        curve.push({ epoch: metrics.epoch + 1, neighbours })
        const rest = Object.values(losses).map(loss => loss.toFixed(2))
        onProgress(
          `${experiment.name}: epoch ${metrics.epoch + 1} of ${scale.epochs}, ` +
            `${(100 * neighbours).toFixed(1)} % by nearest neighbours, losses ${rest.join(' ')}`
        )
      }
    }
  })
  const known = await featuresOf(network, state.stages, training, levels)
  const asked = await featuresOf(network, state.stages, testing, levels)
  const stages: StageResult[] = []
  for (const [i, blocks] of levels.entries()) {
    stages.push({
      blocks,
      linear: rounded((await linearProbe(known[i]!, asked[i]!)).accuracy),
      neighbours: rounded(await nearestNeighbours(known[i]!, asked[i]!))
    })
  }
  const few = async (part: number): Promise<number> =>
    rounded((await linearProbe(partOf(known.at(-1)!, part, cell.seed), asked.at(-1)!)).accuracy)
  const result: CellResult = {
    cell,
    scale,
    stages,
    fewLabels: { '1 %': await few(0.01), '10 %': await few(0.1) },
    curve,
    peakBytes,
    stepMultiplyAdds,
    losses
  }
  dispose(state)
  return result
}

/** As many examples of each class, drawn at random: at least one, so that no class is unknown. */
function partOf({ values, labels, dim }: Features, part: number, seed: number): Features {
  const order = seeded(seed).split('few labels').permutation(labels.length)
  const classes = new Map<number, number[]>()
  for (const row of order) classes.set(labels[row]!, [...(classes.get(labels[row]!) ?? []), row])
  const rows = [...classes.values()].flatMap(members =>
    members.slice(0, Math.max(2, Math.round(part * members.length)))
  )
  const picked = new Float32Array(rows.length * dim)
  rows.forEach((row, i) => picked.set(values.subarray(row * dim, (row + 1) * dim), i * dim))
  return { values: picked, labels: Int32Array.from(rows, row => labels[row]!), dim }
}

export const dataOf = ({ data }: Cell, split: Split, count: number): Promise<ImageDataset> =>
  dataSets[data].data({ limit: count }).open(split, { limit: count })
