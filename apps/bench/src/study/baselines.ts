// What a readout knows before anything is learned: of raw pixels, and of the networks with their first weights.
import { collectFeatures, dispose, linearProbe, networkOf, seeded } from 'lapstrake'
import { rounded } from '../measuring.ts'
import { dataSets, experimentOf, levelsOf, seeds, type Cell, type Scale } from './design.ts'
import { dataOf, featuresOf } from './run-cell.ts'

/** Accuracies of linear readout on the test images. */
export interface Baseline {
  readonly pixels: number
  /** Of each seed's first weights, the stages from the bottom. */
  readonly untrained: readonly (readonly number[])[]
}

/** By data set. */
export type Baselines = Readonly<Record<string, Baseline>>

export async function measureBaselines(scale: Scale, onProgress: (message: string) => void): Promise<Baselines> {
  const found: Record<string, Baseline> = {}
  for (const data of Object.keys(dataSets) as Cell['data'][]) {
    const cellOf = (seed: number): Cell => ({
      data,
      method: 'end-to-end',
      head: 'MLP of 2',
      blocks: 12,
      width: 'growing',
      seed
    })
    const [training, testing] = [
      await dataOf(cellOf(0), 'train', scale.examples),
      await dataOf(cellOf(0), 'test', scale.tests)
    ]
    const flat = { pool: 'flatten' } as const
    const { accuracy } = await linearProbe(
      await collectFeatures(training, images => images.clone(), flat),
      await collectFeatures(testing, images => images.clone(), flat)
    )
    const untrained: number[][] = []
    for (const seed of seeds) {
      const cell = cellOf(seed)
      const network = networkOf(experimentOf(cell, scale).backbone, training.shape)
      const variables = network.init(seeded(seed).split('weights'))
      const [known, asked] = [
        await featuresOf(network, variables, training, levelsOf(cell)),
        await featuresOf(network, variables, testing, levelsOf(cell))
      ]
      dispose(variables)
      const stages: number[] = []
      for (const [i, features] of known.entries())
        stages.push(rounded((await linearProbe(features, asked[i]!)).accuracy))
      untrained.push(stages)
    }
    found[data] = { pixels: rounded(accuracy), untrained }
    onProgress(`${data}: ${(100 * accuracy).toFixed(1)} % of raw pixels.`)
  }
  return found
}
