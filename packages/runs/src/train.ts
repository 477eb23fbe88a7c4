import {
  createTrainer,
  dispose,
  OutOfRoom,
  own,
  seeded,
  untrainedTeacher,
  type Owned,
  type Random,
  type Shape,
  type State,
  type TeacherVariables,
  type Trainer
} from '@lapstrake/core'
import { loader, type Dataset, type Loader } from '@lapstrake/data'
import { behaviourOf, type Behaviour } from './behaviour.ts'
import { checkExperiment } from './check-experiment.ts'
import { fingerprintOf } from './data-fingerprint.ts'
import { inputShapeOf, type Experiment, type TrainedTeacher } from './experiment.ts'
import { freezing, type Freezing } from './freezing.ts'
import { learn } from './learn.ts'
import { loadTeacher } from './load-teacher.ts'
import { monitor } from './monitor.ts'
import { changesSince, describeRun, restoreRun, saveRun, type RunOrigin, type SavedRun } from './saved-run.ts'
import type { TrainOptions, Trained } from './train-options.ts'

/**
 * Trains an experiment on a data set.
 *
 * @throws TrainingStopped if a loss is not finite, with the unit and step and the last good state
 * @throws TypeError for what is no experiment, and without a data set
 * @throws RangeError if there are no whole number of epochs, or fewer examples than a batch holds
 * @throws Error if `resume` is no saved run, is damaged or, without `force`, of another experiment, seed or data set
 */
export async function train(experiment: Experiment, dataset: Dataset, options: TrainOptions = {}): Promise<Trained> {
  checkExperiment(experiment)
  checkDataset(dataset)
  checkEpochs(experiment)
  const run = await begin(experiment, dataset, options)
  const teacher = experiment.teacher && (await teacherOf(run, experiment.teacher))
  try {
    return await inPartsThatFit(experiment, (microBatch, onFit) => attempt(run, { teacher, microBatch, onFit }))
  } finally {
    if (teacher !== undefined) dispose(teacher)
  }
}

function checkDataset(dataset: Dataset): void {
  if (typeof (dataset as Partial<Dataset> | undefined)?.read !== 'function')
    throw new TypeError(
      'train: expected a data set behind the experiment, such as shapes() or await imageFolder(path, { length: 32 }).'
    )
}

function checkEpochs({ name, epochs }: Experiment): void {
  if (!(Number.isInteger(epochs) || epochs === Infinity) || epochs < 0)
    throw new RangeError(
      `train: expected epochs of ${name} to be a whole number, or Infinity to train until the signal, got ${epochs}.`
    )
}

/** What is there before the network is: the same for every attempt at it. */
interface Run {
  readonly experiment: Experiment
  readonly dataset: Dataset
  readonly options: TrainOptions
  readonly random: Random
  readonly source: Loader
  readonly inputShape: Shape
  readonly freezer: Freezing | undefined
  /** What the run that goes on says of itself. */
  readonly saved: SavedRun | undefined
  /** What is to be said of this one, but for its behaviour. */
  readonly origin: Omit<RunOrigin, 'behaviour'>
}

async function begin(experiment: Experiment, dataset: Dataset, options: TrainOptions): Promise<Run> {
  const { name, batchSize, views, sampler, freeze, schedule } = experiment
  const { seed = 0, resume } = options
  const random = seeded(seed)
  const saved = resume && describeRun(resume)
  const dataHash = await fingerprintOf(dataset)
  // Places in other data are places of other examples.
  const sameData = saved?.dataHash === dataHash && saved.examples === dataset.size
  const source = loader(dataset, {
    batchSize,
    random: random.split('data'),
    views,
    sampler,
    unreadable: sameData ? saved.unreadable : undefined
  })
  const inputShape = inputShapeOf(experiment, dataset)
  return {
    experiment,
    dataset,
    options,
    random,
    source,
    inputShape,
    freezer: freeze && freezing(freeze, schedule, saved?.progress),
    saved,
    origin: { name, seed, data: dataset.name, examples: dataset.size, dataHash, inputShape }
  }
}

/** The weights of a teacher: those of the run that goes on, or read, or learnt first on the same data. */
async function teacherOf(
  { dataset, inputShape, options }: Run,
  teacher: TrainedTeacher
): Promise<Owned<TeacherVariables>> {
  const { seed, resume, onTeacherStep, onWarning, signal } = options
  if (resume !== undefined)
    return restoreRun(
      resume,
      own(() => untrainedTeacher(teacher, inputShape, seeded(0))),
      'teacher'
    )
  const learnFirst = async (teaching: Experiment): Promise<Owned<State>> => {
    const { state } = await train(teaching, dataset, {
      seed,
      diagnoseEvery: 0,
      onStep: onTeacherStep,
      onWarning: onWarning && (warning => onWarning(`the teacher: ${warning}`)),
      signal
    })
    return state
  }
  return loadTeacher(teacher, inputShape, learnFirst, onWarning)
}

/** Learns from batches as they are, or, where the device has no room for one, in the largest parts that fit. */
async function inPartsThatFit(
  { batchSize, microBatch: asked }: Experiment,
  attempt: (microBatch: number | undefined, onFit: () => void) => Promise<Trained>
): Promise<Trained> {
  let fits = false
  let microBatch = asked
  for (;;) {
    try {
      return await attempt(microBatch, () => {
        fits = true
      })
    } catch (error) {
      const smaller = Math.ceil((microBatch ?? batchSize) / 2)
      // What does not fit as a whole may in parts; a batch of one has none.
      if (!(error instanceof OutOfRoom) || fits || smaller < 2) throw error
      microBatch = smaller
    }
  }
}

interface Attempt {
  readonly teacher: TeacherVariables | undefined
  /** Examples of a part, where batches are learned from in parts. */
  readonly microBatch: number | undefined
  /** Called once a step has been taken. */
  readonly onFit: () => void
}

/** Makes the network, begins it anew or where the saved run ended, and takes it through its steps. */
async function attempt(run: Run, { teacher, microBatch, onFit }: Attempt): Promise<Trained> {
  const { experiment, dataset, options, source, inputShape, freezer, saved, origin } = run
  const { resume, diagnoseEvery = 50, onStep, onWarmUp, onWarning, signal } = options
  const inSmallerParts = microBatch !== experiment.microBatch
  const recipe = freezer ? { ...experiment, schedule: freezer.schedule } : experiment
  const trainer = createTrainer(recipe, { inputShape, examples: dataset.size, microBatch, teacher })
  if (!inSmallerParts) trainer.warnings.forEach(warning => onWarning?.(warning))
  const first = trainer.init(run.random.split('weights'))
  let behaviour = saved && (await behaviourAsSaved(run, saved, trainer, first))
  return learn({
    trainer,
    state: resume ? restoreRun(resume, first, 'state') : first,
    source,
    steps: experiment.epochs * source.batchesPerEpoch,
    freezer,
    diagnoseEvery,
    diagnose: monitor(experiment.backbone.stages, trainer, onWarning),
    save: state =>
      saveRun(teacher === undefined ? { state } : { state, teacher }, {
        ...origin,
        behaviour: behaviour!,
        step: state.step,
        progress: freezer?.progress,
        unreadable: source.unreadable.size > 0 ? [...source.unreadable] : undefined
      }),
    async onFirst(entered) {
      onFit()
      behaviour ??= await behaviourOf({ experiment, dataset, trainer, first: entered })
      if (inSmallerParts)
        onWarning?.(
          `A batch of ${experiment.batchSize} does not fit this device in one piece: ` +
            `learning from it in parts of ${microBatch}.`
        )
    },
    onStep,
    onWarmUp,
    onWarning,
    signal
  })
}

/**
 * What the experiment does, where it is that of the saved run, or goes on with it by force. Frees the first state
 * where it throws.
 */
async function behaviourAsSaved(
  { experiment, dataset, options: { force = false, onWarning }, origin }: Run,
  saved: SavedRun,
  trainer: Trainer,
  first: Owned<State>
): Promise<Behaviour> {
  try {
    const behaviour = await behaviourOf({ experiment, dataset, trainer, first })
    const changes = changesSince(saved, { ...origin, behaviour })
    if (changes.length === 0) return behaviour
    const what = `the experiment, seed and data that this run was begun with, got others: ${changes.join('; ')}.`
    if (!force)
      throw new Error(
        `resume: expected ${what} Go on with what it was begun with, or with what there is now by { force: ` +
          'true } (--force).'
      )
    onWarning?.(`resume: expected ${what} Going on all the same.`)
    return behaviour
  } catch (error) {
    dispose(first)
    throw error
  }
}
