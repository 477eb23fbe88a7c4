import {
  copyOf,
  dispose,
  mapTeachers,
  own,
  seeded,
  teachersOf,
  untrainedTeacher,
  type OneOrNamed,
  type Owned,
  type Shape,
  type State,
  type TeacherVariables,
  type Variables
} from '@lapstrake/core'
import { checkBeginning, readBeginning } from './beginning.ts'
import { calledTeacher } from './called-teacher.ts'
import { eventsOf } from './events-of.ts'
import type { Experiment, TrainedTeacher } from './experiment.ts'
import { checkTrainedBy, readTeacher, teacherFrom, type TaughtTeacher } from './load-teacher.ts'
import type { RunEvent, TeacherStep, Warning } from './run-events.ts'
import { restoreRun } from './saved-run.ts'
import { TrainingStopped } from './training-stopped.ts'

/** What a run stands on that was learned before it. */
export interface LearnedFirst {
  readonly teacher?: OneOrNamed<TeacherVariables> | undefined
  /** What its lowest stages begin with; nothing where it goes on. */
  readonly stages?: readonly Variables[] | undefined
}

/** And where that was interrupted, the saved runs of what was trained, the last of which is to go on. */
export interface LearnedSoFar extends LearnedFirst {
  readonly unfinished?: readonly Uint8Array[] | undefined
}

export interface LearnedFirstOptions {
  readonly experiment: Experiment
  readonly inputShape: Shape
  /** The saved run that goes on, where it has begun itself. */
  readonly resume: Uint8Array | undefined
  /** Where it has not: the saved runs of what was trained first, in turn, of which the last goes on. */
  readonly first: readonly Uint8Array[]
  /** Trains another experiment, on the same data with the same seed, or goes on with it. */
  readonly train: (experiment: Experiment, resume: Uint8Array | undefined) => AsyncGenerator<RunEvent, void, void>
  /** A file to go on with, of the saved runs of what was trained first. */
  readonly save: (first: readonly Uint8Array[]) => Uint8Array
}

/** What is left of an experiment that was trained: optimizers are done. */
type Trained = Owned<Pick<State, 'stages' | 'units'>>

/**
 * The weights of teachers and what a run begins with: of the run that goes on, read, or learned first, in turn; what
 * several want of one experiment is learned once.
 */
export async function* learnedFirst({
  experiment,
  inputShape,
  resume,
  first,
  train,
  save
}: LearnedFirstOptions): AsyncGenerator<TeacherStep | Warning, Owned<LearnedSoFar>, void> {
  const { backbone, teacher, begins } = experiment
  if (resume !== undefined) return ofRun(teacher, inputShape, resume) as Owned<LearnedSoFar>
  const teachers = teachersOf(teacher)
  for (const [name, one] of teachers) if (isTaught(one)) checkTrainedBy(calledTeacher(name), one, inputShape)
  if (begins !== undefined && 'trainedBy' in begins) checkBeginning(backbone, begins, inputShape)

  const toTrain = new Set([
    ...teachers.flatMap(([, one]) => (isTaught(one) ? [one.trainedBy] : [])),
    ...(begins !== undefined && 'trainedBy' in begins ? [begins.trainedBy] : [])
  ])
  const trained = new Map<Experiment, Trained>()
  const learned: Record<string, Owned<TeacherVariables>> = {}
  let stages: Owned<readonly Variables[]> | undefined
  /** Of what was trained, the saved runs; and where one was interrupted, those up to it. */
  const runs: Uint8Array[] = []
  let unfinished: readonly Uint8Array[] | undefined
  let complete = false
  /** Borrowed: for as long as others may want it. */
  async function* trainedOnce(who: string, by: Experiment): AsyncGenerator<TeacherStep | Warning, Trained, void> {
    const known = trained.get(by)
    if (known !== undefined) return known
    const isLast = trained.size + 1 === toTrain.size
    const course = trainedBy(who, by, isLast, train(by, first[trained.size]), run => save([...runs, run]))
    const { state, run, interrupted } = yield* course
    if (run !== undefined) runs.push(run)
    if (interrupted) unfinished ??= [...runs]
    trained.set(by, state)
    return state
  }
  try {
    for (const [name, one] of teachers) {
      learned[name] = isTaught(one)
        ? teacherFrom(one, yield* trainedOnce(`the ${calledTeacher(name)}`, one.trainedBy))
        : yield* reading(warn => readTeacher(calledTeacher(name), one, inputShape, warn))
    }
    if (begins !== undefined) {
      const { stages: all } =
        'trainedBy' in begins
          ? yield* trainedOnce('what it begins with', begins.trainedBy)
          : yield* reading(warn => readBeginning(backbone, begins, inputShape, warn))
      stages = own(() => copyOf(all.slice(0, begins.stages ?? backbone.stages.length)))
      if (!('trainedBy' in begins)) dispose(all as Owned<typeof all>)
    }
    complete = true
    const teachersLearned = teacher && mapTeachers(teacher, (_, name) => learned[name]!)
    return { teacher: teachersLearned, stages, unfinished } as unknown as Owned<LearnedSoFar>
  } finally {
    dispose([...trained.values()] as unknown as Owned<unknown>)
    if (!complete) dispose({ learned, stages } as unknown as Owned<unknown>)
  }
}

/** Whether an experiment is trained for it first. */
export const isTaught = (teacher: TrainedTeacher): teacher is TaughtTeacher => 'trainedBy' in teacher

/** A run that goes on has begun, and knows its teachers. */
const ofRun = (teacher: Experiment['teacher'], inputShape: Shape, resume: Uint8Array): LearnedFirst =>
  teacher === undefined
    ? {}
    : {
        teacher: restoreRun<OneOrNamed<TeacherVariables>>(
          resume,
          own(() => mapTeachers(teacher, one => untrainedTeacher(one, inputShape, seeded(0)))),
          'teacher'
        )
      }

const reading = (
  read: (warn: (message: string) => void) => Promise<Owned<TeacherVariables>>
): AsyncGenerator<Warning, Owned<TeacherVariables>, void> =>
  eventsOf<Warning, Owned<TeacherVariables>>(tell => read(message => tell({ kind: 'warning', message })), dispose)

/** An experiment that was trained, and the run of it. */
interface TrainedRun {
  readonly state: Trained
  /** Left out where nobody will ask for it: it was the last, and came to its end. */
  readonly run?: Uint8Array | undefined
  readonly interrupted: boolean
}

/**
 * Follows the training of an experiment to its end.
 *
 * @param save what is trained first, as a whole, from this run as it stands
 */
async function* trainedBy(
  who: string,
  experiment: Experiment,
  isLast: boolean,
  training: AsyncGenerator<RunEvent, void, void>,
  save: (run: Uint8Array) => Uint8Array
): AsyncGenerator<TeacherStep | Warning, TrainedRun, void> {
  try {
    for await (const event of training) {
      if (event.kind === 'step' || event.kind === 'teacher') {
        const { metrics } = event
        yield {
          kind: 'teacher',
          experiment: event.kind === 'step' ? experiment : event.experiment,
          metrics,
          save: async () => save(await event.save())
        }
      }
      if (event.kind === 'warning') yield { ...event, message: `${who}: ${event.message}` }
      if (event.kind === 'end') {
        const run = isLast && !event.interrupted ? undefined : await event.save()
        const { stages, units, ...rest } = event.keep()
        dispose(rest as Owned<typeof rest>)
        return { state: { stages, units } as Trained, run, interrupted: event.interrupted }
      }
    }
  } catch (error) {
    if (!(error instanceof TrainingStopped)) throw error
    // Its state is no state of this run.
    dispose(error.state)
    throw new Error(`${who}: ${error.message}`, { cause: error })
  }
  throw new Error(`run: expected the run of ${who} to end, but it did not.`)
}
