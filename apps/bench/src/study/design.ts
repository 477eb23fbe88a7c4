// What the study compares. Every cell is one run, and one file of results.
import {
  adamW,
  cifar10,
  convDecoder,
  convNet,
  endToEnd,
  fashionMnist,
  ntXent,
  nWise,
  overlapping,
  projector,
  simclr,
  twoViews,
  upperOnly,
  warmupCosine,
  type Data,
  type Experiment,
  type ImageDataset,
  type Isolation,
  type Merge,
  type Recipe
} from 'lapstrake'

/** The network is cut at every block, and a stage is two: so an isolation may share one block. */
const stage = 2

interface Method {
  readonly isolation: Isolation
  readonly merge?: Merge | undefined
}

export type MethodName =
  | 'end-to-end'
  | 'greedy'
  | 'overlapping'
  | 'overlapping, a loss more'
  | 'upper gradient only'
  | 'one block shared'
export const methods: Readonly<Record<MethodName, Method>> = {
  'end-to-end': { isolation: endToEnd() },
  greedy: { isolation: nWise({ size: stage }) },
  overlapping: { isolation: overlapping({ size: 2 * stage, stride: stage }) },
  'overlapping, a loss more': { isolation: overlapping({ size: 2 * stage, stride: stage, lead: true }) },
  'upper gradient only': { isolation: overlapping({ size: 2 * stage, stride: stage }), merge: upperOnly() },
  'one block shared': { isolation: overlapping({ size: stage + 1, stride: stage }) }
}

export type HeadName = 'MLP of 2' | 'convolutional block' | 'MLP of 4'
export const heads: Readonly<Record<HeadName, Recipe['head']>> = {
  'MLP of 2': () => projector({ dims: [128, 64] }),
  'convolutional block': () => convDecoder({ dims: [128, 64] }),
  'MLP of 4': () => projector({ dims: [128, 128, 128, 64] })
}

export type DataName = 'cifar10' | 'fashion-mnist'

interface DataSet {
  readonly data: (options: { readonly limit: number }) => Data<ImageDataset>
  readonly size: number
  readonly channels: 1 | 3
  readonly preset: 'cifar' | 'gray'
}

export const dataSets: Readonly<Record<DataName, DataSet>> = {
  cifar10: { data: cifar10, size: 32, channels: 3, preset: 'cifar' },
  'fashion-mnist': { data: fashionMnist, size: 28, channels: 1, preset: 'gray' }
}

/** One run. */
export interface Cell {
  readonly data: DataName
  readonly method: MethodName
  readonly head: HeadName
  /**
   * Blocks; the network of the main comparison is 12 of growing width, those of the study of depth have equal width.
   */
  readonly blocks: number
  readonly width: 'growing' | 'equal'
  readonly seed: number
}

/** How large a run is. */
export interface Scale {
  readonly examples: number
  readonly tests: number
  readonly epochs: number
  readonly batchSize: number
}

export const scales: Readonly<Record<'full' | 'tiny', Scale>> = {
  full: { examples: 5000, tests: 10_000, epochs: 8, batchSize: 64 },
  /** To see that everything works. */
  tiny: { examples: 256, tests: 200, epochs: 1, batchSize: 32 }
}

export const seeds: readonly number[] = [0, 1, 2]
export const depths: readonly number[] = [4, 8, 12, 16]
export const byDepth: readonly MethodName[] = ['end-to-end', 'greedy', 'overlapping']

/** Of the study of depth. */
export const depthCell = (blocks: number, method: MethodName, seed: number): Cell => ({
  data: 'cifar10',
  method,
  head: 'MLP of 2',
  blocks,
  width: 'equal',
  seed
})

const keysOf = <T extends object>(record: T): (keyof T)[] => Object.keys(record) as (keyof T)[]

/** All runs, the ones that matter most first. */
export const cells: readonly Cell[] = [
  ...mainOf('cifar10', 'MLP of 2'),
  ...mainOf('cifar10', 'convolutional block'),
  ...seeds.flatMap(seed => depths.flatMap(blocks => byDepth.map(method => depthCell(blocks, method, seed)))),
  ...mainOf('cifar10', 'MLP of 4'),
  ...keysOf(heads).flatMap(head => mainOf('fashion-mnist', head))
]

function mainOf(data: Cell['data'], head: Cell['head']): readonly Cell[] {
  return seeds.flatMap(seed =>
    keysOf(methods).map(method => ({ data, method, head, blocks: 12, width: 'growing', seed }) as const)
  )
}

export const nameOf = ({ data, method, head, blocks, width, seed }: Cell): string =>
  [data, width === 'equal' ? `equal-${blocks}` : `growing-${blocks}`, head, method, `seed ${seed}`]
    .join('_')
    .replaceAll(/[ ,]+/g, '-')

const growing = {
  widths: [16, 16, 24, 24, 32, 32, 48, 48, 64, 64, 64, 64],
  strides: [2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1]
}

/** The experiment of a cell: the same but for where gradients stop, what reads them, depth and seed. */
export function experimentOf(cell: Cell, { batchSize, epochs, examples }: Scale): Experiment {
  const { data, size, preset } = dataSets[cell.data]
  const method: Method = methods[cell.method]
  const shape =
    cell.width === 'growing'
      ? growing
      : {
          widths: new Array<number>(cell.blocks).fill(48),
          strides: [2, 1, 2, ...new Array<number>(cell.blocks - 3).fill(1)]
        }
  const total = epochs * Math.floor(examples / batchSize)
  return {
    name: nameOf(cell),
    data: data({ limit: examples }),
    batchSize,
    epochs,
    views: twoViews(simclr({ size, preset, leastArea: preset === 'cifar' ? 0.2 : undefined })),
    backbone: convNet({ ...shape, layers: 1 }),
    isolation: method.isolation,
    merge: method.merge,
    head: heads[cell.head],
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: Math.min(30, Math.ceil(total / 10)), total }) })
  }
}

/** Where stages end, in blocks: what is read out. */
export const levelsOf = ({ blocks }: Cell): readonly number[] =>
  Array.from({ length: blocks / stage }, (_, i) => (i + 1) * stage)
