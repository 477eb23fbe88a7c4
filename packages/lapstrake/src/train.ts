import {
  createTrainer,
  dispose,
  own,
  seeded,
  tensorsOf,
  mapTree,
  OutOfRoom,
  untrainedTeacher,
  type Owned,
  type Recipe,
  type Shape,
  type Stage,
  type State,
  type TeacherVariables,
  type Trainer,
  type Tree
} from '@lapstrake/core'
import { loader, type Dataset, type Loader, type MakeViews, type Sampler } from '@lapstrake/data'
import { warmUp, type OnShaders } from '@lapstrake/backend-webgpu'
import * as tf from '@tensorflow/tfjs-core'
import type { CertificateField } from './certify.ts'
import { checkExperiment } from './check-experiment.ts'
import { fingerprintOf } from './data-fingerprint.ts'
import { freezing, type FreezeField, type Freezing } from './freezing.ts'
import { loadTeacher, type TrainedTeacher } from './load-teacher.ts'
import { monitor, type Looks, type StageDiagnosis, type UnitDiagnosis } from './monitor.ts'
import { behaviourOf, type Behaviour } from './behaviour.ts'
import { changesSince, describeRun, restoreRun, saveRun } from './saved-run.ts'

/** A recipe and how long to follow it. What a recipe file exports. */
export interface Experiment extends Recipe {
  readonly name: string
  /** Augments the images. */
  readonly views: MakeViews
  /** Examples in a step; each is seen once for every view. */
  readonly batchSize: number
  /** Times that every example is seen, in whole numbers; Infinity to train until the signal. */
  readonly epochs: number
  /** Which examples an epoch shows, and in which order; every one, shuffled, when left out. */
  readonly sampler?: Sampler
  /** Learns from a batch in parts of so many examples; the gradient is that of the whole batch. */
  readonly microBatch?: number
  readonly teacher?: TrainedTeacher
  /** Ends a unit's learning once its loss no longer falls; when none is left, training ends. */
  readonly freeze?: FreezeField
  /** What `lapstrake certify` bounds, for stochastic stages. */
  readonly certificate?: CertificateField
  /**
   * Data to use when nobody says otherwise: `shapes`, `fashion-mnist`, `mnist`, `cifar10`, `cifar100` or a folder of
   * images.
   */
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
  /** Milliseconds that the step waited for its examples to be read and decoded. */
  readonly waited: number
  /** Bytes of living tensors between steps. */
  readonly bytes: number
  /** Examples of the batch that stand in for others, which cannot be read. */
  readonly replaced?: number
  /** What the embeddings of each unit tell, at steps that look. */
  readonly diagnoses?: Readonly<Record<string, UnitDiagnosis>>
  /** What each stage does, from the bottom, at steps that look. */
  readonly stages?: readonly StageDiagnosis[]
}

export interface TrainOptions {
  /** Decides first weights, the order of the examples and every augmentation. */
  readonly seed?: number
  /**
   * Called after each step with a state that is only borrowed. `save` gives the run as it stands, to be gone on with by
   * `resume`.
   */
  readonly onStep?: (metrics: StepMetrics, state: State, save: () => Promise<Uint8Array>) => void | Promise<void>
  /** A saved run to go on with, of the same experiment, seed and data: its next losses are those it would have had. */
  readonly resume?: Uint8Array
  /**
   * Goes on with a run although the experiment, seed or data are not those it was begun with, and tells what differs
   * through `onWarning`.
   */
  readonly force?: boolean
  /** The same for the steps of a teacher that is trained first. */
  readonly onTeacherStep?: (metrics: StepMetrics) => void | Promise<void>
  /** Called while a GPU's shaders compile, before the first step. */
  readonly onWarmUp?: OnShaders
  /** Looks at the embeddings of every unit each so many steps, and at the last; 0 for never. */
  readonly diagnoseEvery?: number
  /**
   * Called with what is allowed but should be said: before the first step, and once for each unit that has collapsed.
   */
  readonly onWarning?: (warning: string) => void
  /** Ends training after the step under way, and its `onStep`. */
  readonly signal?: AbortSignal
}

/** What training gives back. */
export interface Trained {
  /** To encode and embed with; a teacher's weights are freed. */
  readonly trainer: Trainer
  readonly state: Owned<State>
  /** Whether the signal ended it early. */
  readonly interrupted: boolean
}

/** A loss became NaN or infinite. Holds the last state whose losses were finite, for the catcher to keep or dispose. */
export class TrainingStopped extends Error {
  constructor(
    message: string,
    readonly trainer: Trainer,
    readonly state: Owned<State>
  ) {
    super(message)
    this.name = 'TrainingStopped'
  }
}

/**
 * Trains an experiment on a data set.
 *
 * @throws TrainingStopped if a loss is not finite, with the unit and step and the last good state
 * @throws TypeError for what is no experiment, and without a data set
 * @throws RangeError if there are no whole number of epochs, or fewer examples than a batch holds
 * @throws Error if `resume` is no saved run, is damaged or, without `force`, of another experiment, seed or data set
 */
export async function train(
  experiment: Experiment,
  dataset: Dataset,
  {
    seed = 0,
    diagnoseEvery = 50,
    onStep,
    onTeacherStep,
    onWarmUp,
    onWarning,
    resume,
    force = false,
    signal
  }: TrainOptions = {}
): Promise<Trained> {
  checkExperiment(experiment)
  if (typeof (dataset as Partial<Dataset> | undefined)?.read !== 'function')
    throw new TypeError(
      'train: expected a data set behind the experiment, such as shapes() or await imageFolder(path, { length: 32 }).'
    )
  const { epochs } = experiment
  if (!(Number.isInteger(epochs) || epochs === Infinity) || epochs < 0) {
    throw new RangeError(
      `train: expected epochs of ${experiment.name} to be a whole number, or Infinity to train until the signal, ` +
        `got ${epochs}.`
    )
  }
  const random = seeded(seed)
  const saved = resume && describeRun(resume)
  const dataHash = await fingerprintOf(dataset)
  const sameData = saved?.dataHash === dataHash && saved.examples === dataset.size
  const source = loader(dataset, {
    batchSize: experiment.batchSize,
    random: random.split('data'),
    views: experiment.views,
    ...(experiment.sampler && { sampler: experiment.sampler }),
    // Places in other data are places of other examples.
    ...(sameData && { unreadable: saved.unreadable ?? [] })
  })
  const steps = epochs * source.batchesPerEpoch
  const inputShape = inputShapeOf(experiment, dataset)
  const freezer = experiment.freeze && freezing(experiment.freeze, experiment.schedule, saved?.progress)
  const recipe = freezer ? { ...experiment, schedule: freezer.schedule } : experiment
  const about = (behaviour: Behaviour): Parameters<typeof changesSince>[1] => ({
    name: experiment.name,
    seed,
    data: dataset.name,
    examples: dataset.size,
    dataHash,
    inputShape,
    behaviour
  })
  const teacher = experiment.teacher && (await teacherOf(experiment.teacher))
  let { microBatch } = experiment
  let begun = false
  try {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        const smaller = Math.ceil((microBatch ?? experiment.batchSize) / 2)
        // What does not fit as a whole may in parts; a batch of one has none.
        if (!(error instanceof OutOfRoom) || begun || smaller < 2) throw error
        microBatch = smaller
      }
    }
  } finally {
    if (teacher !== undefined) dispose(teacher)
  }

  async function attempt(): Promise<Trained> {
    const trainer = createTrainer(recipe, {
      inputShape,
      examples: dataset.size,
      ...(microBatch && { microBatch }),
      ...(teacher && { teacher })
    })
    if (microBatch === experiment.microBatch) trainer.warnings.forEach(warning => onWarning?.(warning))
    const first = trainer.init(random.split('weights'))
    let behaviour: Behaviour | undefined
    if (saved) {
      try {
        behaviour = await behaviourOf({ experiment, dataset, trainer, first })
        accept(changesSince(saved, about(behaviour)))
      } catch (error) {
        dispose(first)
        throw error
      }
    }
    return learn({
      stages: experiment.backbone.stages,
      ...(freezer && { freezer }),
      trainer,
      state: resume ? restoreRun(resume, first, 'state') : first,
      source,
      steps,
      diagnoseEvery,
      save: async state =>
        saveRun(
          { state, ...(teacher && { teacher }) },
          {
            ...about(behaviour!),
            step: state.step,
            ...(freezer && { progress: freezer.progress }),
            ...(source.unreadable.size > 0 && { unreadable: [...source.unreadable] })
          }
        ),
      async onFirst(entered) {
        begun = true
        behaviour ??= await behaviourOf({ experiment, dataset, trainer, first: entered })
        if (microBatch !== experiment.microBatch)
          onWarning?.(
            `A batch of ${experiment.batchSize} does not fit this device in one piece: ` +
              `learning from it in parts of ${microBatch}.`
          )
      },
      ...(onStep && { onStep }),
      ...(onWarmUp && { onWarmUp }),
      ...(onWarning && { onWarning }),
      ...(signal && { signal })
    })
  }

  function accept(changes: readonly string[]): void {
    if (changes.length === 0) return
    const what = `the experiment, seed and data that this run was begun with, got others: ${changes.join('; ')}.`
    if (!force)
      throw new Error(
        `resume: expected ${what} Go on with what it was begun with, or with what there is now by { force: ` +
          'true } (--force).'
      )
    onWarning?.(`resume: expected ${what} Going on all the same.`)
  }

  async function teacherOf(teacher: TrainedTeacher): Promise<Owned<TeacherVariables>> {
    if (resume !== undefined)
      return restoreRun(
        resume,
        own(() => untrainedTeacher(teacher, inputShape, seeded(0))),
        'teacher'
      )
    return loadTeacher(
      teacher,
      inputShape,
      async teaching => {
        const { state } = await train(teaching, dataset, {
          seed,
          diagnoseEvery: 0,
          ...(onTeacherStep && { onStep: onTeacherStep }),
          ...(signal && { signal }),
          ...(onWarning && { onWarning: warning => onWarning(`the teacher: ${warning}`) })
        })
        return state
      },
      onWarning
    )
  }
}

interface Course extends Omit<TrainOptions, 'seed' | 'resume' | 'force'> {
  readonly stages: readonly Stage[]
  readonly freezer?: Freezing
  readonly trainer: Trainer
  readonly state: Owned<State>
  readonly source: Loader
  readonly steps: number
  readonly diagnoseEvery: number
  readonly save: (state: State) => Promise<Uint8Array>
  /** Called behind the first of these steps, with the state that entered it: a batch is known to fit. */
  readonly onFirst: (entered: State) => Promise<void>
}

/** Takes a state through the steps. */
async function learn({
  stages,
  freezer,
  trainer,
  state: first,
  source,
  steps,
  diagnoseEvery,
  save,
  onFirst,
  onStep,
  onWarmUp,
  onWarning,
  signal
}: Course): Promise<Trained> {
  let state = first
  const look = monitor(stages, trainer, onWarning)
  // The state that entered the last step with finite losses. It shares its data with what follows, where that is
  // unchanged.
  let good = share(state)
  try {
    const over = (): boolean => state.step >= steps || signal?.aborted === true || freezer?.over === true
    const position = {
      epoch: Math.floor(state.step / source.batchesPerEpoch),
      batch: state.step % source.batchesPerEpoch
    }
    if (!over())
      for await (const { batch, epoch, waited, replaced, newlyUnreadable } of source.batches(position)) {
        const began = performance.now()
        for (const { example, reason } of newlyUnreadable) {
          onWarning?.(
            `${example} cannot be read: ${reason}. The next of each epoch's order takes its place. ` +
              `Unreadable so far: ${source.unreadable.size}.`
          )
        }
        const entered = share(state)
        const observe = diagnoseEvery > 0 && ((state.step + 1) % diagnoseEvery === 0 || state.step + 1 === steps)
        let losses: Record<string, number>
        let looks: Looks | undefined
        const isFirst = state.step === first.step
        try {
          if (isFirst)
            await warmUp(() => {
              own(() => {
                trainer.step(share(state), batch)
              })
            }, onWarmUp)
          const result = trainer.step(state, batch, { observe })
          state = result.state
          try {
            losses = await read(result.losses)
            if (observe) looks = await look({ ...result, losses, batch, before: entered, after: state })
          } finally {
            dispose(result.embeddings)
            dispose(result.gradientNorms)
          }
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
              'Try a lower learning rate, a longer warm-up or clipByNorm(); the state before is kept.',
            trainer,
            good
          )
        }
        try {
          if (isFirst) await onFirst(entered)
        } catch (error) {
          dispose(entered)
          throw error
        }
        if (state.step === 1) silentUnits(losses).forEach(warning => onWarning?.(warning))
        dispose(good)
        good = entered
        for (const unit of freezer?.after(losses, state.step) ?? [])
          onWarning?.(`${unit} has learned what it can: from step ${state.step} on it is frozen.`)
        await onStep?.(
          {
            step: state.step,
            steps,
            epoch,
            losses,
            milliseconds: performance.now() - began,
            waited,
            bytes: tf.memory().numBytes,
            ...looks,
            ...(replaced.length > 0 && { replaced: replaced.length })
          },
          state,
          async () => save(state)
        )
        if (over()) break
      }
  } catch (error) {
    dispose(state)
    if (!(error instanceof TrainingStopped)) dispose(good)
    throw error
  }
  dispose(good)
  return { trainer, state, interrupted: state.step < steps && freezer?.over !== true }
}

/** The shape of what enters an experiment's network, without the batch axis: that of a view, found by making one. */
export function inputShapeOf({ views }: Experiment, dataset: Pick<Dataset, 'shape'>): Shape {
  const [first] = own(() => views(tf.zeros([1, ...dataset.shape]) as tf.Tensor4D, seeded(0))).map(view => {
    const shape = view.shape.slice(1)
    view.dispose()
    return shape
  })
  return first!
}

/** The same state with tensors of its own that share the data. */
const share = (state: State): Owned<State> =>
  own(
    () =>
      mapTree(state as unknown as Tree<tf.Tensor | number>, leaf =>
        leaf instanceof tf.Tensor ? tf.clone(leaf) : leaf
      ) as unknown as State
  )

/** Units whose first loss is zero to the bit: there was nothing to compare, and there will not be. */
const silentUnits = (losses: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(losses)
    .filter(([, loss]) => loss === 0)
    .map(
      ([unit]) =>
        `${unit} found nothing to compare in its first batch: its loss is exactly 0 and teaches nothing. ` +
        'Try a larger batch, or labels.'
    )

/** Reads all losses in one go and frees them. */
async function read(losses: Owned<Readonly<Record<string, tf.Scalar>>>): Promise<Record<string, number>> {
  const stacked = own(() => tf.stack(tensorsOf(losses)))
  const values = await stacked.data()
  const names = Object.keys(losses)
  dispose(losses)
  stacked.dispose()
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
}
