// What a readout knows before anything is learned: of raw pixels, and of the networks with their first weights.
import { collectFeatures, dispose, networkOf, seeded } from 'lapstrake'
import { comparisonNamed, experimentOf, levelsOf, type Scale } from './design.ts'
import { featuresOf, imagesOf, readOut } from './run-cell.ts'

/** Accuracies of linear readout on the test images. */
export interface Baseline {
  readonly pixels: number
  /** Of each seed's first weights, the stages from the bottom. */
  readonly untrained: readonly (readonly number[])[]
}

/** By comparison. */
export type Baselines = Readonly<Record<string, Baseline>>

/** One for each network and set of images. */
export const measured: readonly string[] = ['form-6-mlp', 'form-8-mlp', 'supervised-cross-entropy-20k', 'large']

export async function measureBaseline(name: string, scaleOf: (own: Scale) => Scale): Promise<Baseline> {
  const { scale: own, seeds } = comparisonNamed(name)
  const scale = scaleOf(own)
  const cellOf = (seed: number) => ({ comparison: name, window: 'all', seed }) as const
  const [training, testing] = [
    await imagesOf({ comparison: name }, 'train', scale.examples),
    await imagesOf({ comparison: name }, 'test', scale.tests)
  ]
  const flat = { pool: 'flatten' } as const
  const [pixels] = await readOut(
    [await collectFeatures(training, images => images.clone(), flat)],
    [await collectFeatures(testing, images => images.clone(), flat)]
  )
  const untrained: number[][] = []
  for (const seed of seeds) {
    const network = networkOf(experimentOf(cellOf(seed), scale).backbone, training.shape)
    const variables = network.init(seeded(seed).split('weights'))
    const levels = levelsOf(cellOf(seed))
    const [known, asked] = [
      await featuresOf(network, variables, training, levels),
      await featuresOf(network, variables, testing, levels)
    ]
    dispose(variables)
    untrained.push((await readOut(known, asked)).map(({ linear }) => linear))
  }
  return { pixels: pixels!.linear, untrained }
}
