import { join } from 'node:path'
import { collectFeatures, dispose, namedLeaves, own, seeded, stageNames, type Dataset, type Experiment, type State, type StepMetrics, type Trainer } from 'lapstrake'
import { eventFile, histogram, image, scalar, writeProjector, type Pixels, type Summary } from 'lapstrake/node'
import * as tf from '@tensorflow/tfjs-core'

/** What TensorBoard is shown of a run. */
export interface Board {
  step(metrics: StepMetrics, state: State): Promise<void>
  /** Shows where the last stage puts some examples. */
  end(trainer: Trainer, state: State): Promise<void>
}

export interface BoardOptions {
  /** The folder of the run. */
  readonly folder: string
  readonly experiment: Experiment
  readonly dataset: Dataset
  readonly seed: number
  /** The step behind which a resumed run goes on. */
  readonly after?: number
}

/** Where a run keeps what TensorBoard reads. */
export const boardFolder = 'tensorboard'

/** Examples whose views are shown, and examples in the projector. */
const [shown, projected] = [4, 500]

/** Begins to show a run, with the views of a few examples. */
export async function openBoard({ folder, experiment, dataset, seed, after }: BoardOptions): Promise<Board> {
  const place = join(folder, boardFolder)
  const names = stageNames(experiment.backbone.stages)
  const events = await eventFile(place, after === undefined ? {} : { after })
  if (after === undefined) await events.write(0, await viewsOf(experiment, dataset, seed))
  return {
    async step(metrics, state) {
      const looks = metrics.diagnoses !== undefined || metrics.stages !== undefined
      await events.write(metrics.step, [...curves(metrics, names), ...(looks ? await weights(state, names) : [])])
    },
    async end(trainer, state) {
      const count = Math.min(projected, dataset.size)
      const examples = await dataset.read(Uint32Array.from({ length: count }, (_, i) => i))
      const length = examples.images.length / count
      const read = (indices: ArrayLike<number>): typeof examples => ({
        images: examples.images.subarray(indices[0]! * length, (indices[0]! + indices.length) * length),
        // Features are gathered of labelled examples only; here a label is a word beside a point, if there is one.
        labels: new Int32Array(indices.length)
      })
      const { values, dim } = await collectFeatures({ size: count, shape: dataset.shape, read: async indices => read(indices) }, images => trainer.encode(state, images))
      const [height, width, channels] = dataset.shape
      await writeProjector(place, {
        name: `${experiment.name}, last stage`,
        vectors: Array.from({ length: count }, (_, i) => values.subarray(i * dim, (i + 1) * dim)),
        labels: Array.from(examples.labels, label => dataset.classes[label] ?? 'unknown'),
        ...(isShowable(channels) && {
          images: Array.from({ length: count }, (_, i): Pixels => ({ data: examples.images.subarray(i * length, (i + 1) * length), width, height, channels }))
        })
      })
    }
  }
}

const curves = ({ losses, milliseconds, waited, bytes, diagnoses = {}, stages = [] }: StepMetrics, names: readonly string[]): Summary[] => [
  ...Object.entries(losses).map(([unit, loss]) => scalar(`loss/${unit}`, loss)),
  scalar('step/milliseconds', milliseconds), scalar('step/waited for data', waited), scalar('step/megabytes', bytes / 1e6),
  ...Object.entries(diagnoses).flatMap(([unit, found]) => numbers(found, unit)),
  ...stages.flatMap((found, i) => numbers(found, names[i]!))
]

/** Curves of one kind stand together: `effectiveRank/unit0` beside `effectiveRank/unit1`. */
const numbers = (found: object, of: string): Summary[] =>
  Object.entries(found).flatMap(([what, value]) => (typeof value === 'number' ? [scalar(`${what}/${of}`, value)] : []))

async function weights(state: State, names: readonly string[]): Promise<Summary[]> {
  const named = [
    ...state.stages.flatMap(({ params }, i) => namedLeaves(params, names[i]!)),
    ...Object.entries(state.units).flatMap(([unit, { head }]) => namedLeaves(head.params, `head of ${unit}`))
  ]
  return Promise.all(named.map(async ({ name, value }) => histogram(`weights/${name}`, await value.data())))
}

/** The views of a few examples, as the recipe makes them. */
async function viewsOf({ views }: Experiment, dataset: Dataset, seed: number): Promise<Summary[]> {
  const count = Math.min(shown, dataset.size)
  const { images } = await dataset.read(Uint32Array.from({ length: count }, (_, i) => i))
  const made = own(() => views(tf.div(tf.tensor4d(images, [count, ...dataset.shape], 'int32'), 255) as tf.Tensor4D, seeded(seed)))
  try {
    return (await Promise.all(made.map(async (view, v) => {
      const [, height, width, channels] = view.shape as [number, number, number, number]
      if (!isShowable(channels)) return []
      const data = Float32Array.from(await view.data())
      const length = height * width * channels
      return Array.from({ length: count }, (_, i) => image(`views/example ${i}, view ${v + 1}`, { data: data.subarray(i * length, (i + 1) * length), width, height, channels }))
    }))).flat()
  } finally {
    dispose(made)
  }
}

const isShowable = (channels: number): boolean => [1, 3, 4].includes(channels)
