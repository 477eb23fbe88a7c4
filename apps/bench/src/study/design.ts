// What the study compares. A comparison is one experiment under several windows; a cell is one run of it, and one file
// of results.
import {
  adamW,
  convDecoder,
  crossEntropy,
  endToEnd,
  greedy,
  linear,
  ntXent,
  overlapping,
  projector,
  randomResizedCrop,
  resNet,
  simclr,
  supCon,
  twoViews,
  warmupCosine,
  type Experiment,
  type Isolation
} from 'lapstrake'
import type { DataName } from './data-sets.ts'
import { plain, residualBlocks } from './networks.ts'

/** Stages that learn together: 1 is greedy, 2 and more overlap in all but one stage, all are end-to-end. */
export type Window = 1 | 2 | 3 | 4 | 'all'

export const windows: readonly Window[] = [1, 2, 3, 4, 'all']
const ends: readonly Window[] = [1, 2, 'all']

export const isolationOf = (window: Window): Isolation =>
  window === 'all' ? endToEnd() : window === 1 ? greedy() : overlapping({ size: window })

/** How large a run is. */
export interface Scale {
  readonly examples: number
  readonly tests: number
  readonly epochs: number
  readonly batchSize: number
}

/** All that runs have in common that differ in nothing but the window and the seed. */
export interface Comparison {
  readonly name: string
  readonly part: 'form' | 'supervised' | 'long' | 'large' | 'depth'
  /** What is particular about it, in a table. */
  readonly title: string
  readonly data: DataName
  readonly windows: readonly Window[]
  readonly seeds: readonly number[]
  readonly scale: Scale
  readonly learning: Pick<Experiment, 'backbone' | 'head' | 'loss' | 'views'>
}

/** One run. */
export interface Cell {
  readonly comparison: string
  readonly window: Window
  readonly seed: number
}

/** To see that everything works. */
export const tiny: Scale = { examples: 256, tests: 200, epochs: 1, batchSize: 32 }

const looks = (size: number, leastArea: number): Pick<Experiment, 'views'> => ({
  views: twoViews(simclr({ size, preset: 'cifar', leastArea }))
})
const mlp = (): ReturnType<typeof projector> => projector({ dims: [128, 64] })
const decoder = (): ReturnType<typeof convDecoder> => convDecoder({ dims: [128, 64] })
const contrast = { loss: () => ntXent({ temperature: 0.2 }) }

const six = [32, 32, 64, 64, 128, 128]
const eight = [24, 24, 32, 32, 48, 48, 64, 64]

const form = (name: string, title: string, learning: Pick<Experiment, 'backbone' | 'head'>): Comparison => ({
  name: `form-${name}`,
  part: 'form',
  title,
  data: 'drawn shapes',
  windows,
  seeds: [0, 1, 2, 3, 4],
  scale: { examples: 6400, tests: 2000, epochs: 4, batchSize: 64 },
  learning: { ...learning, ...contrast, ...looks(28, 0.4) }
})

const supervised = (
  name: string,
  title: string,
  examples: number,
  learning: Pick<Experiment, 'head' | 'loss' | 'views'>
): Comparison => ({
  name: `supervised-${name}-${examples / 1000}k`,
  part: 'supervised',
  title: `${title}, ${examples.toLocaleString('en')} images`,
  data: 'CIFAR-10',
  windows,
  seeds: [0, 1, 2],
  scale: { examples, tests: 10_000, epochs: 2, batchSize: 64 },
  learning: { backbone: plain(six), ...learning }
})

const classifier: Pick<Experiment, 'head' | 'loss' | 'views'> = {
  head: () => linear({ dim: 10 }),
  loss: () => crossEntropy(),
  views: [randomResizedCrop({ size: 32, scale: [0.5, 1] })]
}
const supervisedContrast: Pick<Experiment, 'head' | 'loss' | 'views'> = {
  head: mlp,
  loss: () => supCon({ temperature: 0.1 }),
  views: twoViews(randomResizedCrop({ size: 32, scale: [0.5, 1] }))
}

const long = (name: string, title: string, norm: 'batch' | 'layer'): Comparison => ({
  name: `long-${name}`,
  part: 'long',
  title,
  data: 'CIFAR-10',
  windows: ends,
  seeds: [0, 1, 2],
  scale: { examples: 50_000, tests: 10_000, epochs: 20, batchSize: 64 },
  learning: { backbone: plain(six, norm), head: mlp, ...contrast, ...looks(32, 0.2) }
})

const large: Comparison = {
  name: 'large',
  part: 'large',
  title: 'eight residual blocks',
  data: 'tiny-imagenet-20',
  windows: ends,
  seeds: [0, 1, 2],
  scale: { examples: 10_000, tests: 1000, epochs: 30, batchSize: 64 },
  learning: {
    backbone: resNet({ depth: 18, stages: 'blocks', width: 16 }),
    head: mlp,
    ...contrast,
    ...looks(64, 0.2)
  }
}

const depth = (blocks: number): Comparison => ({
  name: `depth-${blocks}`,
  part: 'depth',
  title: `${blocks} blocks`,
  data: 'drawn shapes',
  windows: ends,
  seeds: [0, 1, 2],
  scale: { examples: 6400, tests: 2000, epochs: 4, batchSize: 64 },
  learning: { backbone: residualBlocks(blocks, 32), head: mlp, ...contrast, ...looks(28, 0.4) }
})

export const comparisons: readonly Comparison[] = [
  form('6-mlp', 'six stages, MLP', { backbone: plain(six), head: mlp }),
  form('8-mlp', 'eight stages, MLP', { backbone: plain(eight), head: mlp }),
  form('6-conv', 'six stages, convolutional block', { backbone: plain(six), head: decoder }),
  form('8-conv', 'eight stages, convolutional block', { backbone: plain(eight), head: decoder }),
  supervised('cross-entropy', 'cross-entropy', 20_000, classifier),
  supervised('supcon', 'SupCon', 20_000, supervisedContrast),
  supervised('cross-entropy', 'cross-entropy', 50_000, classifier),
  supervised('supcon', 'SupCon', 50_000, supervisedContrast),
  long('batch-norm', 'batch normalisation', 'batch'),
  long('layer-norm', 'layer normalisation', 'layer'),
  large,
  ...[4, 8, 12, 16].map(depth)
]

export function comparisonNamed(name: string): Comparison {
  const found = comparisons.find(comparison => comparison.name === name)
  if (found === undefined)
    throw new Error(
      `study: expected a comparison among ${comparisons.map(({ name }) => name).join(', ')}, got ${name}.`
    )
  return found
}

/** Which runs come first: the short ones of all seeds, then one seed of the long ones, then their others. */
const rounds: readonly (readonly [begins: string, seeds: readonly number[]])[] = [
  ['form-', [0, 1, 2]],
  ['supervised-cross-entropy-20k', [0, 1, 2]],
  ['supervised-supcon-20k', [0, 1, 2]],
  ['form-', [3, 4]],
  ['depth-', [0]],
  ['long-', [0]],
  ['large', [0]],
  ['depth-', [1, 2]],
  ['supervised-', [0, 1, 2]],
  ['long-', [1, 2]],
  ['large', [1, 2]]
]

/** All runs, the ones that matter most first. */
export const cells: readonly Cell[] = uniqueByName(
  rounds.flatMap(([begins, seeds]) =>
    seeds.flatMap(seed =>
      comparisons
        .filter(({ name }) => name.startsWith(begins))
        .flatMap(({ name, windows }) => windows.map((window): Cell => ({ comparison: name, window, seed })))
    )
  )
)

export function nameOf({ comparison, window, seed }: Cell): string {
  return `${comparison}_window-${window}_seed-${seed}`
}

function uniqueByName(cells: readonly Cell[]): readonly Cell[] {
  return [...new Map(cells.map(cell => [nameOf(cell), cell])).values()]
}

/** The experiment of a cell: all of a comparison are the same but for where gradients stop. */
export function experimentOf(cell: Cell, { batchSize, epochs, examples }: Scale): Experiment {
  const total = epochs * Math.floor(examples / batchSize)
  return {
    name: nameOf(cell),
    batchSize,
    epochs,
    ...comparisonNamed(cell.comparison).learning,
    isolation: isolationOf(cell.window),
    optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: Math.min(30, Math.ceil(total / 10)), total }) })
  }
}

/** The place of each stage, from the bottom: what is read out. */
export const levelsOf = (cell: Cell): readonly number[] =>
  comparisonNamed(cell.comparison).learning.backbone.stages.map((_, i) => i + 1)
