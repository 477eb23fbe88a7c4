import { join } from 'node:path'
import { collectFeatures } from '@lapstrake/evaluation'
import {
  checkGiven,
  checkOptions,
  dispose,
  namedLeaves,
  seeded,
  stageNames,
  type State,
  type Trainer
} from '@lapstrake/core'
import {
  batchOf,
  checkDataset,
  isImageDataset,
  type Dataset,
  type ImageDataset,
  type ImageExample
} from '@lapstrake/data'
import { checkExperiment } from '../check-experiment.ts'
import type { Experiment } from '../experiment.ts'
import type { StepMetrics } from '../step-metrics.ts'
import { histogram, image, scalar, writeProjector, type Pixels, type Summary } from '@lapstrake/tensorboard'
import { eventQueue } from './event-queue.ts'
import { inOurWords } from './in-our-words.ts'
import { readableExamples, type ReadableExamples } from './readable-examples.ts'

/** What TensorBoard is shown of a run. What cannot be shown is said, and never ends the run. */
export interface Board {
  step(metrics: StepMetrics, state: State): Promise<void>
  /** Shows where the last stage puts some examples; gives the files that it wrote, from the folder of the run. */
  end(trainer: Trainer, state: State): Promise<readonly string[]>
}

export interface OpenBoardOptions {
  /** The folder of the run. */
  readonly folder: string
  readonly experiment: Experiment
  readonly dataset: Dataset
  readonly seed: number
  /** The step behind which a resumed run goes on. */
  readonly after?: number | undefined
  /** Hears what cannot be shown, each kind once; stderr when left out. */
  readonly onWarning?: ((warning: string) => void) | undefined
}

/** Where a run keeps what TensorBoard reads. */
export const boardFolder = 'tensorboard'

/** Examples whose views are shown, and examples in the projector. */
const [shown, projected] = [4, 500]

const toStderr = (warning: string): void => {
  process.stderr.write(`\n${warning}\n`)
}

/** Begins to show a run, with the views of a few examples. */
export async function openBoard(options: OpenBoardOptions): Promise<Board> {
  checkOptions<OpenBoardOptions>('openBoard', options, {
    folder: 'string',
    experiment: 'record',
    dataset: 'record',
    seed: 'number',
    after: 'number',
    onWarning: 'function'
  })
  const { folder, experiment, dataset, seed, after, onWarning = toStderr } = options
  checkGiven('openBoard', 'the folder of a run', folder, 'string')
  checkExperiment(experiment)
  checkDataset('openBoard', dataset)
  const place = join(folder, boardFolder)
  const names = stageNames(experiment.backbone.stages)
  const said = new Set<string>()
  /** What goes wrong in showing something is said, once for each kind. */
  const orSay = async <T>(what: string, show: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await show()
    } catch (error) {
      if (!said.has(what)) onWarning(`${what} cannot be shown in TensorBoard: ${inOurWords(error)}`)
      said.add(what)
      return otherwise
    }
  }
  const events = eventQueue(place, { after }, onWarning)
  const read = async (count: number): Promise<Placed> => {
    const { unreadable, ...examples } = await readableExamples(dataset, count)
    const fresh = unreadable.filter(one => !said.has(one))
    fresh.forEach(one => said.add(one))
    if (fresh.length > 0) onWarning(`TensorBoard is not shown what cannot be read: ${fresh.join('; ')}.`)
    return examples
  }
  if (after === undefined) {
    await events.write(0, await orSay('Views', async () => looks(experiment, dataset, seed, await read(shown)), []))
  }
  return {
    async step(metrics, state) {
      const apart = stageTags(names, metrics, state)
      const looked = metrics.diagnoses !== undefined || metrics.stages !== undefined
      const spread = looked ? await orSay('Weights', () => weights(state, apart), []) : []
      await events.write(metrics.step, [...curves(metrics, apart), ...spread])
    },
    async end(trainer, state) {
      await events.end()
      return orSay('Embeddings', async () => {
        const examples = await read(projected)
        if (examples.places.length === 0) return []
        const points = await pointsOf(dataset, examples, (input, context) =>
          trainer.network.encode(state.stages, input, { context })
        )
        const left = examples.places.length - points.vectors.length
        const all = examples.places.length
        if (left > 0) onWarning(`TensorBoard is not shown ${left} of ${all} embeddings, which are not finite.`)
        if (points.vectors.length === 0) return []
        const files = await writeProjector(place, { name: `${experiment.name}, last stage`, ...points }, { onWarning })
        return files.map(file => `${boardFolder}/${file}`)
      }, [])
    }
  }
}

/** Names of stages that are none of the units, so that each curve has a tag of its own. */
function stageTags(names: readonly string[], metrics: StepMetrics, { units }: State): readonly string[] {
  const others = new Set([metrics.losses, metrics.diagnoses ?? {}, units].flatMap(Object.keys))
  return names.map(name => (others.has(name) ? `stage ${name}` : name))
}

function curves(metrics: StepMetrics, names: readonly string[]): Summary[] {
  const { losses, milliseconds, waited, peakBytes, diagnoses = {}, stages = [] } = metrics
  return [
    ...Object.entries(losses).map(([unit, loss]) => scalar(`loss/${unit}`, loss)),
    scalar('step/milliseconds', milliseconds),
    scalar('step/waited for data', waited),
    scalar('step/peak megabytes', peakBytes / 1e6),
    ...Object.entries(diagnoses).flatMap(([unit, found]) => numbers(found, unit)),
    ...stages.flatMap((found, i) => numbers(found, names[i]!))
  ]
}

/** Curves of one kind stand together: `effectiveRank/unit0` beside `effectiveRank/unit1`. */
const numbers = (found: object, of: string): Summary[] =>
  Object.entries(found).flatMap(([what, value]) => (typeof value === 'number' ? [scalar(`${what}/${of}`, value)] : []))

/** How weights are spread, and how many of them are not finite, where there are such. */
async function weights(state: State, names: readonly string[]): Promise<Summary[]> {
  const named = [
    ...state.stages.flatMap(({ params }, i) => namedLeaves(params, names[i]!)),
    ...Object.entries(state.units).flatMap(([unit, { head }]) => namedLeaves(head.params, `head of ${unit}`))
  ]
  return (
    await Promise.all(
      named.map(async ({ name, value }) => {
        const values = await value.data()
        const lost = Float32Array.from(values).filter(one => !Number.isFinite(one)).length
        return [histogram(`weights/${name}`, values), ...(lost > 0 ? [scalar(`not finite/${name}`, lost)] : [])]
      })
    )
  ).flat()
}

type Placed = Omit<ReadableExamples, 'unreadable'>

/** The views of a few examples, as the recipe makes them. */
async function looks({ views }: Experiment, dataset: Dataset, seed: number, { places }: Placed): Promise<Summary[]> {
  if (places.length === 0) return []
  const batch = await batchOf(dataset, places, { views, random: seeded(seed) })
  try {
    return (
      await Promise.all(
        batch.views.map(async (view, v) => {
          const [, height, width, channels] = view.shape as [number, number, number, number]
          if (view.rank !== 4 || !isShowable(channels)) return []
          const data = Float32Array.from(await view.data())
          const length = height * width * channels
          const part = (i: number): Float32Array => data.subarray(i * length, (i + 1) * length)
          return places.map((place, i) =>
            image(`views/example ${place}, view ${v + 1}`, { data: part(i), width, height, channels })
          )
        })
      )
    ).flat()
  } finally {
    dispose(batch)
  }
}

interface Points {
  readonly vectors: readonly Float32Array[]
  readonly labels?: readonly string[] | undefined
  readonly images?: readonly Pixels[] | undefined
}

type Encode = Parameters<typeof collectFeatures>[1]

/** Where an encoder puts examples, of which those that it puts nowhere are left out. */
async function pointsOf(dataset: Dataset, examples: Placed, encode: Encode): Promise<Points> {
  const { values, dim } = await collectFeatures(
    {
      name: dataset.name,
      size: examples.places.length,
      read: async places => Array.from(places, i => examples.examples[i]),
      collate: some => dataset.collate(some)
    },
    encode,
    // A label is a word beside a point here, if there is one.
    { labels: false }
  )
  const rowOf = (i: number): Float32Array => values.subarray(i * dim, (i + 1) * dim)
  const found = examples.places.map((_, i) => i).filter(i => rowOf(i).every(Number.isFinite))
  const shown = found.map(i => examples.examples[i] as ImageExample)
  return { vectors: found.map(rowOf), ...(isImageDataset(dataset) ? imagesOf(dataset, shown) : {}) }
}

function imagesOf({ shape, classes }: ImageDataset, shown: readonly ImageExample[]): Partial<Points> {
  const [height, width, channels] = shape
  return {
    labels: shown.map(({ label }) => labelOf(classes, label)),
    images: isShowable(channels) ? shown.map(({ image }) => ({ data: image, width, height, channels })) : undefined
  }
}

/** The word for a class; its number where the data set has no words, and nothing where it is unknown. */
const labelOf = (classes: readonly string[], label: number): string =>
  label < 0 ? '' : (classes[label] ?? String(label))

const isShowable = (channels: number): boolean => [1, 3, 4].includes(channels)
