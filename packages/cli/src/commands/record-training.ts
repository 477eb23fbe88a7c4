import {
  describeRun,
  run,
  teachersOf,
  TrainingStopped,
  weightsOf,
  type End,
  type Experiment,
  type State,
  type Step,
  type StepMetrics,
  type TeacherStep,
  type Trainer
} from 'lapstrake'
import type { Beginning } from './beginning.ts'
import {
  bestEpoch,
  howToType,
  outbox,
  recentLosses,
  canGoOn,
  runFiles,
  runKeeper,
  openBoard,
  type Board
} from '@lapstrake/runs/node'
import { progress, type Progress } from '../terminal/progress.ts'
import type { Stop } from '../terminal/stop-signals.ts'

/** How a training ended, and where it lies. */
export interface RecordedTraining {
  readonly saved: string
  readonly interrupted: boolean
  /** Steps taken. */
  readonly step: number
  /** The last step that was diagnosed. */
  readonly last: StepMetrics | undefined
  /** Of the units, as every command tells them. */
  readonly losses: Readonly<Record<string, number>>
}

/** Trains, and writes down what happens. */
export async function recordTraining(beginning: Beginning, stop: Stop, wanted: number): Promise<RecordedTraining> {
  const { experiment, dataset, seed, run: folder, resume, force, recorded } = beginning
  const course = await recorderOf(beginning, stop, wanted)
  try {
    for await (const event of run(experiment, { dataset, seed, force, signal: stop.signal, resume })) {
      if (event.kind === 'warning') say(event.message)
      if (event.kind === 'teacher') await course.teacher(event)
      if (event.kind === 'step') await course.step(event)
      if (event.kind === 'end') return await course.end(event)
    }
    throw new Error('train: expected the run to end, but it did not.')
  } catch (error) {
    course.bar.end()
    const began = course.history.length > recorded.length
    await saveWhatIsLeft(error, { run: folder, fresh: beginning.fresh, planned: course.planned, began })
    throw error
  }
}

/** What is written down of a training, and shown. */
interface Recorder {
  readonly bar: Progress
  /** Of every step, those before a resume too. */
  readonly history: readonly Pick<StepMetrics, 'losses'>[]
  /** The steps of all epochs, known once one is taken. */
  readonly planned: number
  teacher(step: TeacherStep): Promise<void>
  step(step: Step): Promise<void>
  end(end: End): Promise<RecordedTraining>
}

async function recorderOf(beginning: Beginning, stop: Stop, wanted: number): Promise<Recorder> {
  const { experiment, dataset, run: folder, options, recorded, resume } = beginning
  const box = outbox(say)
  const board = await boardOf(beginning)
  const isBest = bestEpoch(Math.floor(dataset.size / experiment.batchSize))
  recorded.forEach(isBest)
  const bar = progress(experiment.name, experiment.batchSize, recorded)
  const showFirst = teacherProgress(experiment)
  const history = recorded.map(({ losses }) => ({ losses }))
  const keep = runKeeper({ run: folder, box, options, signal: stop.signal })
  // Checkpoints are of the run itself.
  const { 'checkpoint-every': _, ...rest } = options
  const keepFirst = runKeeper({ run: folder, box, options: rest, signal: stop.signal })
  // A run that was stopped behind its last step takes none that could tell.
  let planned = resume === undefined ? 0 : wanted
  let last: StepMetrics | undefined
  return {
    bar,
    history,
    get planned() {
      return planned
    },
    async teacher(event) {
      showFirst(event)
      await keepFirst(event.metrics, event.save)
    },
    async step({ metrics, state, save }) {
      planned = metrics.steps
      if (metrics.diagnoses) last = metrics
      bar.step(metrics)
      history.push({ losses: metrics.losses })
      folder.log.add(metrics)
      await box.send(runFiles.steps, () => folder.log.write())
      await box.retry()
      if (board) await box.send('tensorboard', () => board.step(metrics, state))
      if (isBest(metrics)) {
        const weights = await weightsOf(state, experiment.name)
        await box.send(runFiles.best, () => folder.keepBest(weights))
      }
      await keep(metrics, save)
    },
    async end({ trainer, state, step, steps, interrupted, save }) {
      bar.end()
      await box.end()
      // Its last step is known to be that only now, where a schedule ended it.
      if (step < steps && !interrupted) await folder.keep(await save())
      const saved = await folder.save(state, planned, await boardFiles(board, trainer, state))
      return { saved, interrupted, step, last, losses: recentLosses(history) }
    }
  }
}

function say(warning: string): void {
  process.stderr.write(`\n${warning}\n`)
}

const boardOf = async (beginning: Beginning): Promise<Board | undefined> => {
  const { experiment, dataset, seed, run, resume, options } = beginning
  if (!options.tensorboard) return undefined
  return openBoard({ folder: run.folder, experiment, dataset, seed, after: resume && describeRun(resume).step })
}

/** Ends a board. Gives the files that it leaves; none, and a warning, where it fails. */
async function boardFiles(board: Board | undefined, trainer: Trainer, state: State): Promise<readonly string[]> {
  try {
    return (await board?.end(trainer, state)) ?? []
  } catch (error) {
    say((error as Error).message)
    return []
  }
}

/** Shows the steps of what is trained first, one after another. */
function teacherProgress({ teacher }: Experiment): (step: TeacherStep) => void {
  const teachers = teachersOf(teacher).flatMap(([, one]) => ('trainedBy' in one ? [one.trainedBy] : []))
  let bar: Progress | undefined
  return ({ experiment, metrics }) => {
    const { name, batchSize } = experiment
    bar ??= progress(`${name} (${teachers.includes(experiment) ? 'the teacher' : 'first'})`, batchSize)
    bar.step(metrics)
    if (metrics.step < metrics.steps) return
    bar.end()
    bar = undefined
  }
}

/** Saves the last good state of a training that failed, or says what there is; an empty run leaves nothing. */
async function saveWhatIsLeft(
  error: unknown,
  {
    run,
    fresh,
    planned,
    began
  }: Pick<Beginning, 'run' | 'fresh'> & { readonly planned: number; readonly began: boolean }
): Promise<void> {
  if (error instanceof TrainingStopped)
    process.stderr.write(`Saved the last good state in ${await run.save(error.state, planned)}.\n`)
  else if (fresh && !began) await run.discard()
  else if (canGoOn(run.folder))
    process.stderr.write(`What was kept last is there to go on with: ${howToType('train', '--resume', run.folder)}\n`)
}
