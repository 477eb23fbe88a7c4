import { deserialiseTree } from '@lapstrake/checkpoints'
import {
  copyOf,
  didYouMean,
  dispose,
  networkOf,
  own,
  seeded,
  tensorsOf,
  unitsOf,
  untrainedTeacher,
  type Backbone,
  type NetworkVariables,
  type Owned,
  type Shape,
  type State,
  type TeacherVariables,
  type Variables
} from '@lapstrake/core'
import type { Experiment, TrainedTeacher } from './experiment.ts'

/** A teacher that an experiment trains. */
export type TaughtTeacher = TrainedTeacher & { readonly trainedBy: Experiment }

/** The unit whose head a teacher is read through when it names none. */
const firstUnit = 'unit0'

/**
 * Refuses an experiment that trains another network than the teacher's, before it does.
 *
 * @throws TypeError for another backbone, and for a unit that it does not have
 */
export function checkTrainedBy(
  { backbone, head, sees, unit = firstUnit, trainedBy }: TaughtTeacher,
  inputShape: Shape
): void {
  const shape = sees?.shape ?? inputShape
  const [declared, trained] = [backbone, trainedBy.backbone].map(of => formOf(of, shape)) as [string, string]
  if (declared !== trained)
    throw new TypeError(
      `teacher: expected trainedBy to train the teacher's backbone, whose variables are ${declared}, got ${trained}. ` +
        'Give both one backbone.'
    )
  if (head === undefined) return
  const names = unitsOf(trainedBy, networkOf(backbone, shape).shapes).map(({ name }) => name)
  if (!names.includes(unit))
    throw new TypeError(
      `teacher: expected unit to be one of those of ${trainedBy.name}, ${names.join(', ')}, got ${unit}.` +
        didYouMean(unit, names)
    )
}

/** The shapes of what a backbone learns, from the bottom. */
export function formOf(backbone: Backbone, inputShape: Shape): string {
  const variables = networkOf(backbone, inputShape).init(seeded(0))
  try {
    return tensorsOf(variables)
      .map(({ shape }) => shape.join('×'))
      .join(', ')
  } finally {
    dispose(variables)
  }
}

/** The weights of a teacher that has just learned. */
export const teacherFrom = (
  { head, unit = firstUnit }: TrainedTeacher,
  { stages, units }: Pick<State, 'stages' | 'units'>
): Owned<TeacherVariables> => own(() => copyOf(variablesOf(stages, head && units[unit]!.head)))

/**
 * The weights of a teacher for examples of `inputShape`, as an earlier run left them.
 *
 * @throws Error if they are not of the teacher's form, naming the first that differs
 */
export async function readTeacher(
  teacher: TrainedTeacher & { weights(): Promise<Uint8Array | ArrayBuffer> },
  inputShape: Shape,
  onWarning?: (warning: string) => void,
  who = 'teacher'
): Promise<Owned<TeacherVariables>> {
  const { backbone, head, unit = firstUnit } = teacher
  const bytes = new Uint8Array(await teacher.weights())
  const { stages: first, head: firstHead } = own(() => untrainedTeacher(teacher, inputShape, seeded(0)))
  const like: NetworkVariables = { stages: first, heads: firstHead === undefined ? {} : { [unit]: firstHead } }
  try {
    const { stages, heads } = deserialiseTree(bytes, like, {
      ignoreRest: true,
      name: `the weights of "${backbone.name}"`,
      onWarning
    })
    return variablesOf(stages, head && heads[unit]!) as Owned<TeacherVariables>
  } catch (error) {
    throw new Error(`${who}: ${(error as Error).message}`, { cause: error })
  } finally {
    dispose(like as Owned<NetworkVariables>)
  }
}

/** A tree, saved with the run: without a head there is no such field. */
const variablesOf = (stages: readonly Variables[], head: Variables | undefined): TeacherVariables =>
  head === undefined ? { stages } : { stages, head }
