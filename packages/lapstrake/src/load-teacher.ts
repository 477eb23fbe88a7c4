import { deserialiseTree } from '@lapstrake/checkpoints'
import {
  dispose,
  own,
  seeded,
  untrainedTeacher,
  type Owned,
  type Shape,
  type State,
  type Teacher,
  type TeacherVariables,
  type Variables
} from '@lapstrake/core'
import type { Experiment } from './train.ts'

/** A teacher, and where its weights come from. */
export type TrainedTeacher = Teacher & {
  /** The unit whose head the teacher is read through, when it has one. */
  readonly unit?: string
} & (
    | {
        /**
         * The bytes of `weights.safetensors` of an earlier run: `() => readFile('runs/teacher/weights.safetensors')`,
         * or a fetch in the browser.
         */
        weights(): Promise<Uint8Array | ArrayBuffer>
      }
    | {
        /** An experiment with the teacher's backbone, trained first on the same data with the same seed. */
        readonly trainedBy: Experiment
      }
  )

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
    dispose([rest, heads, units[unit]?.loss] as unknown as Owned<unknown>)
    return { stages, ...(head && { head: units[unit]!.head }) } as Owned<TeacherVariables>
  }
  const bytes = new Uint8Array(await teacher.weights())
  const { stages: first, head: firstHead } = own(() => untrainedTeacher(teacher, inputShape, seeded(0)))
  const like = { stages: first, heads: firstHead === undefined ? {} : { [unit]: firstHead } }
  try {
    const { stages, heads } = deserialiseTree(bytes, like, {
      ignoreRest: true,
      name: `the weights of "${backbone.name}"`,
      ...(onWarning && { onWarning })
    })
    return {
      stages,
      ...(head && { head: (heads as Record<string, Variables>)[unit]! })
    } as unknown as Owned<TeacherVariables>
  } catch (error) {
    throw new Error(`teacher: ${(error as Error).message}`, { cause: error })
  } finally {
    dispose(like as unknown as Owned<unknown>)
  }
}
