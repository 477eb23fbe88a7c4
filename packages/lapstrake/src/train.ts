import {
  createTrainer, dispose, own, seeded, tensorsOf, mapTree, type Owned, type Recipe, type State, type Trainer, type Tree
} from '@lapstrake/core'
import { loader, type Dataset, type MakeViews } from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'

/** A recipe and how long to follow it. What a recipe file exports. */
export interface Experiment extends Recipe {
  readonly name: string
  /** Augments the images. */
  readonly views: MakeViews
  /** Examples in a step; each is seen once for every view. */
  readonly batchSize: number
  /** Times that every example is seen. */
  readonly epochs: number
  /** Data to use when nobody says otherwise: `shapes`, `fashion-mnist`, `mnist`, `cifar10`, `cifar100` or a folder of images. */
  readonly data?: string
  /** Uses only the first training examples. */
  readonly examples?: number
}

/** What is known after a step. */
export interface StepMetrics {
  readonly step: number
  readonly steps: number
  readonly epoch: number
  readonly losses: Readonly<Record<string, number>>
  /** Duration of the step with its losses read, without waiting for data. */
  readonly milliseconds: number
  /** Bytes of living tensors between steps. */
  readonly bytes: number
}

export interface TrainOptions {
  /** Decides first weights, the order of the examples and every augmentation. */
  readonly seed?: number
  /** Called after each step with a state that is only borrowed. */
  readonly onStep?: (metrics: StepMetrics, state: State) => void | Promise<void>
  /** Called before the first step with what is allowed but should be said. */
  readonly onWarning?: (warning: string) => void
  /** Ends training after the step under way. */
  readonly signal?: AbortSignal
}

/** What training gives back. */
export interface Trained {
  readonly trainer: Trainer
  readonly state: Owned<State>
  /** Whether the signal ended it early. */
  readonly interrupted: boolean
}

/** A loss became NaN or infinite. Holds the last state whose losses were finite, for the catcher to keep or dispose. */
export class TrainingStopped extends Error {
  constructor(message: string, readonly trainer: Trainer, readonly state: Owned<State>) {
    super(message)
    this.name = 'TrainingStopped'
  }
}

/**
 * Trains an experiment on a data set.
 *
 * @throws TrainingStopped if a loss is not finite, with the unit and step and the last good state
 */
export async function train(
  experiment: Experiment, dataset: Dataset, { seed = 0, onStep, onWarning, signal }: TrainOptions = {}
): Promise<Trained> {
  const random = seeded(seed)
  const source = loader(dataset, { batchSize: experiment.batchSize, random: random.split('data'), views: experiment.views })
  const steps = experiment.epochs * source.batchesPerEpoch
  const trainer = createTrainer(experiment, { inputShape: await viewShape(experiment, dataset) })
  trainer.warnings.forEach(warning => onWarning?.(warning))

  let state = trainer.init(random.split('weights'))
  // The state that entered the last step with finite losses. It shares its data with what follows, where that is unchanged.
  let good = share(state)
  try {
    for await (const { batch, epoch } of source.batches()) {
      if (state.step >= steps || signal?.aborted === true) {
        dispose(batch)
        break
      }
      const began = performance.now()
      const entered = share(state)
      let losses: Record<string, number>
      try {
        const result = trainer.step(state, batch)
        state = result.state
        losses = await read(result.losses)
      } catch (error) {
        dispose(entered)
        throw error
      } finally {
        dispose(batch)
      }
      const [unit, loss] = Object.entries(losses).find(([, value]) => !Number.isFinite(value)) ?? []
      if (unit !== undefined) {
        dispose(entered)
        throw new TrainingStopped(
          `train: expected finite losses, got ${loss} for ${unit} in step ${state.step}. ` +
          'Try a lower learning rate, a longer warm-up or clipByNorm(); the state before is kept.', trainer, good)
      }
      dispose(good)
      good = entered
      await onStep?.({
        step: state.step, steps, epoch, losses, milliseconds: performance.now() - began, bytes: tf.memory().numBytes
      }, state)
    }
  } catch (error) {
    dispose(state)
    if (!(error instanceof TrainingStopped)) dispose(good)
    throw error
  }
  dispose(good)
  return { trainer, state, interrupted: state.step < steps }
}

/** The shape of one view, found by looking at one example. */
async function viewShape({ views }: Experiment, dataset: Dataset): Promise<readonly number[]> {
  const { images } = await dataset.read([0])
  const [first] = own(() => views(tf.tensor4d(Float32Array.from(images), [1, ...dataset.shape]), seeded(0))).map(view => {
    const shape = view.shape.slice(1)
    view.dispose()
    return shape
  })
  return first!
}

/** The same state with tensors of its own that share the data. */
const share = (state: State): Owned<State> =>
  own(() => mapTree(state as unknown as Tree<tf.Tensor | number>, leaf => (leaf instanceof tf.Tensor ? tf.clone(leaf) : leaf)) as unknown as State)

/** Reads all losses in one go and frees them. */
async function read(losses: Owned<Readonly<Record<string, tf.Scalar>>>): Promise<Record<string, number>> {
  const stacked = own(() => tf.stack(tensorsOf(losses)))
  const values = await stacked.data()
  const names = Object.keys(losses)
  dispose(losses)
  stacked.dispose()
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
}
