import { deserialiseTree } from '@lapstrake/checkpoints'
import {
  dispose,
  own,
  seeded,
  untrainedTeacher,
  type NetworkVariables,
  type Owned,
  type Shape,
  type State,
  type TeacherVariables,
  type Variables
} from '@lapstrake/core'
import type { Experiment, TrainedTeacher } from './experiment.ts'

/**
 * The weights of a teacher for examples of `inputShape`: read, or learnt by `trainFirst`.
 *
 * @throws Error if they are not of the teacher's form, naming the first that differs
 */
export async function loadTeacher(
  teacher: TrainedTeacher,
  inputShape: Shape,
  trainFirst: (experiment: Experiment) => Promise<Owned<State>>,
  onWarning?: (warning: string) => void
): Promise<Owned<TeacherVariables>> {
  const { backbone, head, unit = 'unit0' } = teacher
  if ('trainedBy' in teacher) {
    const { stages, units, ...rest } = await trainFirst(teacher.trainedBy)
    const heads = Object.entries(units).filter(([name]) => head === undefined || name !== unit)
    const unused = [rest, heads, units[unit]?.loss]
    dispose(unused as Owned<typeof unused>)
    return variablesOf(stages, head && units[unit]!.head)
  }
  const bytes = new Uint8Array(await teacher.weights())
  const { stages: first, head: firstHead } = own(() => untrainedTeacher(teacher, inputShape, seeded(0)))
  const like: NetworkVariables = { stages: first, heads: firstHead === undefined ? {} : { [unit]: firstHead } }
  try {
    const { stages, heads } = deserialiseTree(bytes, like, {
      ignoreRest: true,
      name: `the weights of "${backbone.name}"`,
      onWarning
    })
    return variablesOf(stages, head && heads[unit]!)
  } catch (error) {
    throw new Error(`teacher: ${(error as Error).message}`, { cause: error })
  } finally {
    dispose(like as Owned<NetworkVariables>)
  }
}

/** A tree, saved with the run: without a head there is no such field. */
const variablesOf = (stages: readonly Variables[], head: Variables | undefined): Owned<TeacherVariables> =>
  (head === undefined ? { stages } : { stages, head }) as Owned<TeacherVariables>
