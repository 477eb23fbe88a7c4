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

export interface LearnedFirstOptions {
  readonly experiment: Experiment
  readonly inputShape: Shape
  /** The saved run that goes on. */
  readonly resume: Uint8Array | undefined
  /** Trains another experiment, on the same data with the same seed. */
  readonly train: (experiment: Experiment) => AsyncGenerator<RunEvent, void, void>
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
  train
}: LearnedFirstOptions): AsyncGenerator<TeacherStep | Warning, Owned<LearnedFirst>, void> {
  const { backbone, teacher, begins } = experiment
  if (resume !== undefined) return ofRun(teacher, inputShape, resume) as Owned<LearnedFirst>
  const teachers = teachersOf(teacher)
  for (const [name, one] of teachers) if (isTaught(one)) checkTrainedBy(calledTeacher(name), one, inputShape)
  if (begins !== undefined && 'trainedBy' in begins) checkBeginning(backbone, begins, inputShape)

  const trained = new Map<Experiment, Trained>()
  const learned: Record<string, Owned<TeacherVariables>> = {}
  let stages: Owned<readonly Variables[]> | undefined
  let complete = false
  /** Borrowed: for as long as others may want it. */
  async function* trainedOnce(who: string, by: Experiment): AsyncGenerator<TeacherStep | Warning, Trained, void> {
    const state = trained.get(by) ?? (yield* trainedBy(who, by, train))
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
    return { teacher: teacher && mapTeachers(teacher, (_, name) => learned[name]!), stages } as Owned<LearnedFirst>
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

/** Trains an experiment to its end. */
async function* trainedBy(
  who: string,
  experiment: Experiment,
  train: LearnedFirstOptions['train']
): AsyncGenerator<TeacherStep | Warning, Trained, void> {
  try {
    for await (const event of train(experiment)) {
      if (event.kind === 'step') yield { kind: 'teacher', experiment, metrics: event.metrics }
      if (event.kind === 'teacher') yield event
      if (event.kind === 'warning') yield { ...event, message: `${who}: ${event.message}` }
      if (event.kind === 'end') {
        const { stages, units, ...rest } = event.keep()
        dispose(rest as Owned<typeof rest>)
        return { stages, units } as Trained
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
