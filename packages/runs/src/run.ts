import {
  checkOptions,
  createTrainer,
  dispose,
  OutOfRoom,
  seeded,
  teachersOf,
  type Owned,
  type Random,
  type Shape,
  type State,
  type Trainer
} from '@lapstrake/core'
import { checkDataset, loader, type Dataset, type Loader } from '@lapstrake/data'
import { progressOf, type Progressing } from '@lapstrake/scheduler'
import { beginningWith } from './beginning.ts'
import { behaviourOf, type Behaviour } from './behaviour.ts'
import { checkExperiment } from './check-experiment.ts'
import { checkRunOptions, runKinds } from './check-run-options.ts'
import { fingerprintOf } from './data-fingerprint.ts'
import { eventsOf } from './events-of.ts'
import type { Experiment } from './experiment.ts'
import { isTaught, learnedFirst, type LearnedFirst, type LearnedSoFar } from './learned-first.ts'
import { monitor } from './monitor.ts'
import { rehearse } from './rehearse.ts'
import type { Opening, RunEvent, Warning } from './run-events.ts'
import type { RunOptions } from './run-options.ts'
import {
  changesSince,
  describeRun,
  firstIn,
  restoreRun,
  saveFirst,
  saveRun,
  type RunOrigin,
  type SavedRun
} from './saved-run.ts'
import { takeSteps } from './take-steps.ts'
import { inputShapeOf } from './trial-batch.ts'

/**
 * Runs an experiment, step by step as the reader asks for them. Leaving the loop – by `break`, by an error, at its end
 * – frees everything that was not kept:
 *
 *     for await (const event of run(experiment, { seed: 1 })) {
 *       if (event.kind !== 'step') continue
 *       console.log(event.metrics.losses)
 *       if (event.metrics.step === 100) {
 *         kept = event.keep()
 *         break
 *       }
 *     }
 *
 * @throws TrainingStopped if a loss is not finite, with the unit and step and the last good state
 * @throws TypeError for what is no experiment or no option, and without data
 * @throws RangeError if there are no whole number of epochs, or fewer examples than a batch holds, or an option is out
 * of its range
 * @throws the reason of the signal, where that is aborted while the experiment's own data are opened
 * @throws Error if `resume` is no saved run, is damaged or, without `force`, of another experiment, seed or data set
 */
export async function* run(experiment: Experiment, options: RunOptions = {}): AsyncGenerator<RunEvent, void, void> {
  checkOptions<RunOptions>('run', options, runKinds)
  checkRunOptions('run', options)
  checkExperiment(experiment)
  checkEpochs(experiment)
  const dataset = options.dataset ?? (yield* opened(experiment, options.signal))
  checkDataset('run', dataset)
  const whole = await groundOf(experiment, dataset, options)
  const { inputShape, origin } = whole
  const first = whole.saved === undefined ? [] : firstIn(options.resume!, whole.saved)
  // One that has not begun itself begins now.
  const ground = first.length === 0 ? whole : { ...whole, saved: undefined, options: { ...options, resume: undefined } }
  if (first.length > 0) {
    const warning = changed(whole.saved!, { ...origin, behaviour: {} }, options)
    if (warning !== undefined) yield { kind: 'warning', message: warning }
  }
  if (ground.saved === undefined && isTrainedFor(experiment)) await rehearse(experiment, dataset, inputShape)
  const { unfinished, ...learned } = yield* learnedFirst({
    experiment,
    inputShape,
    resume: ground.options.resume,
    first,
    train: (other, resume) =>
      run(other, { dataset, seed: origin.seed, diagnoseEvery: 0, signal: options.signal, resume }),
    save: runs => saveFirst(runs, origin)
  })
  try {
    yield* inPartsThatFit(ground, learned, unfinished)
  } finally {
    dispose(learned as Owned<LearnedFirst>)
  }
}

/** The experiment's own data, and what opening them takes. */
async function* opened(
  { name, data }: Experiment,
  signal: AbortSignal | undefined
): AsyncGenerator<Opening | Warning, Dataset, void> {
  if (data === undefined)
    throw new TypeError(
      `run: expected ${name} to hold its data, or a data set behind it, got neither. Write data: shapes() into the ` +
        'recipe, or give run(experiment, { dataset }).'
    )
  return yield* eventsOf<Opening | Warning, Dataset>(tell =>
    data.open('train', {
      onProgress: ({ what, done, total }) => tell({ kind: 'opening', what, done, total }),
      onWarning: message => tell({ kind: 'warning', message }),
      signal
    })
  )
}

function checkEpochs({ name, epochs }: Experiment): void {
  if (!(Number.isInteger(epochs) || epochs === Infinity) || epochs < 0)
    throw new RangeError(
      `run: expected epochs of ${name} to be a whole number, or Infinity to train until the signal, got ${epochs}.`
    )
}

/** What is there before the network is: the same for every attempt at it. */
interface Ground {
  readonly experiment: Experiment
  readonly dataset: Dataset
  readonly options: RunOptions
  readonly random: Random
  readonly source: Loader
  readonly inputShape: Shape
  readonly progressing: Progressing | undefined
  /** What the run that goes on says of itself. */
  readonly saved: SavedRun | undefined
  /** What is to be said of this one, but for its behaviour. */
  readonly origin: Omit<RunOrigin, 'behaviour'>
}

async function groundOf(experiment: Experiment, dataset: Dataset, options: RunOptions): Promise<Ground> {
  const { name, batchSize, views, sampler, schedule } = experiment
  const saved = options.resume && describeRun(options.resume)
  // A run that goes on is the same run: its seed is its own, unless somebody says another.
  const { seed = saved?.seed ?? 0 } = options
  const random = seeded(seed)
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
  const inputShape = await inputShapeOf(experiment, dataset)
  return {
    experiment,
    dataset,
    options,
    random,
    source,
    inputShape,
    progressing: progressOf(schedule, saved?.progress),
    saved,
    origin: { name, seed, data: dataset.name, examples: dataset.size, dataHash, inputShape }
  }
}

/** Learns from batches as they are, or, where the device has no room for one, in the largest parts that fit. */
async function* inPartsThatFit(
  ground: Ground,
  learned: LearnedFirst,
  unfinished: LearnedSoFar['unfinished']
): AsyncGenerator<RunEvent, void, void> {
  const { batchSize, microBatch: asked } = ground.experiment
  let microBatch = asked
  for (;;) {
    let fits = false
    try {
      yield* attempt(ground, { ...learned, unfinished }, microBatch, () => {
        fits = true
      })
      return
    } catch (error) {
      const smaller = Math.ceil((microBatch ?? batchSize) / 2)
      // What does not fit as a whole may in parts; a batch of one has none.
      if (!(error instanceof OutOfRoom) || fits || smaller < 2) throw error
      microBatch = smaller
    }
  }
}

/**
 * Makes the network, begins it anew or where the saved run ended, and takes it through its steps.
 *
 * @param microBatch examples of a part, where batches are learned from in parts
 * @param onFit called once a step has been taken
 */
async function* attempt(
  ground: Ground,
  { teacher, stages, unfinished }: LearnedSoFar,
  microBatch: number | undefined,
  onFit: () => void
): AsyncGenerator<RunEvent, void, void> {
  const { experiment, dataset, source, inputShape, progressing, saved, origin, options } = ground
  const { resume, diagnoseEvery = 50, signal } = options
  const { warn, taken } = warnings()
  const inSmallerParts = microBatch !== experiment.microBatch
  const recipe = progressing ? { ...experiment, schedule: progressing.schedule } : experiment
  const given = {
    inputShape,
    examples: dataset.size,
    labels: dataset.labels,
    microBatch,
    teacher
  }
  const trainer = createTrainer(recipe, given)
  if (!inSmallerParts) trainer.warnings.forEach(warn)
  const weights = ground.random.split('weights')
  let first = trainer.init(weights)
  let behaviour = saved && (await behaviourAsSaved(ground, saved, { trainer, first, warn }))
  if (stages !== undefined) {
    // Asked of what is drawn: a run that goes on does not know what it began with.
    behaviour = await behaviourOf({ experiment, dataset, trainer, first }).finally(() => dispose(first))
    first = createTrainer({ ...recipe, backbone: beginningWith(recipe.backbone, stages) }, given).init(weights)
  }
  yield* takeSteps({
    trainer,
    beside: teacher,
    state: resume ? restoreRun(resume, first, 'state') : first,
    source,
    steps: experiment.epochs * source.batchesPerEpoch,
    progressing,
    diagnoseEvery,
    diagnose: monitor(experiment.backbone.stages, trainer, warn),
    async save(state) {
      if (unfinished !== undefined && state.step === 0) return saveFirst(unfinished, origin)
      behaviour ??= await behaviourOf({ experiment, dataset, trainer, first: state })
      return saveRun(teacher === undefined ? { state } : { state, teacher }, {
        ...origin,
        behaviour,
        step: state.step,
        progress: progressing?.progress,
        unreadable: source.unreadable.size > 0 ? [...source.unreadable] : undefined
      })
    },
    async onFirst(entered) {
      onFit()
      behaviour ??= await behaviourOf({ experiment, dataset, trainer, first: entered })
      if (inSmallerParts)
        warn(
          `A batch of ${experiment.batchSize} does not fit this device in one piece: ` +
            `learning from it in parts of ${microBatch}.`
        )
    },
    warnings: taken,
    signal
  })
}

/** Whether others are trained for it first. */
const isTrainedFor = ({ teacher, begins }: Experiment): boolean =>
  teachersOf(teacher).some(([, one]) => isTaught(one)) || (begins !== undefined && 'trainedBy' in begins)

/** Warnings that wait to be told. */
function warnings(): { readonly warn: (message: string) => void; readonly taken: () => readonly string[] } {
  const waiting: string[] = []
  return { warn: message => void waiting.push(message), taken: () => waiting.splice(0) }
}

interface Begun {
  readonly trainer: Trainer
  readonly first: Owned<State>
  readonly warn: (message: string) => void
}

/**
 * What the experiment does, where it is that of the saved run, or goes on with it by force. Frees the first state
 * where it throws.
 */
async function behaviourAsSaved(
  { experiment, dataset, options, origin }: Ground,
  saved: SavedRun,
  { trainer, first, warn }: Begun
): Promise<Behaviour> {
  try {
    const behaviour = await behaviourOf({ experiment, dataset, trainer, first })
    const warning = changed(saved, { ...origin, behaviour }, options)
    if (warning !== undefined) warn(warning)
    return behaviour
  } catch (error) {
    dispose(first)
    throw error
  }
}

/** What is to be warned of where a run goes on with something else by force; nothing where all is as it was. */
function changed(then: SavedRun, now: RunOrigin, { force = false }: RunOptions): string | undefined {
  const changes = changesSince(then, now)
  if (changes.length === 0) return undefined
  const what = `the experiment, seed and data that this run was begun with, got others: ${changes.join('; ')}.`
  if (force) return `resume: expected ${what} Going on all the same.`
  throw new Error(
    `resume: expected ${what} Go on with what it was begun with, or with what there is now by { force: true } ` +
      '(--force).'
  )
}
