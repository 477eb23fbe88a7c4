import { deserialiseTree } from '@lapstrake/checkpoints'
import { dispose, own, seeded, type Owned, type Shape, type Stage, type Teacher, type TeacherVariables, type Variables } from '@lapstrake/core'

/** A teacher and where its weights are: those of an earlier run, or any safetensors file of that form. */
export interface TrainedTeacher extends Teacher {
  /** The bytes of `weights.safetensors`: `() => readFile('runs/teacher/weights.safetensors')`, or a fetch in the browser. */
  weights(): Promise<Uint8Array | ArrayBuffer>
  /** The unit whose head the teacher is read through, when it has one. */
  readonly unit?: string
}

/**
 * Reads the weights of a teacher for examples of `inputShape`.
 *
 * @throws Error if they are not of the teacher's form, naming the first that differs
 */
export async function loadTeacher({ backbone, head, weights, unit = 'unit0' }: TrainedTeacher, inputShape: Shape): Promise<Owned<TeacherVariables>> {
  const bytes = new Uint8Array(await weights())
  const like = own(() => {
    let shape = inputShape
    const first = (stage: Stage): Variables => {
      const { params, buffers, outputShape } = stage.init(seeded(0), shape)
      shape = outputShape
      return { params, buffers }
    }
    return { stages: backbone.stages.map(first), heads: head === undefined ? {} : { [unit]: first(head) } }
  })
  try {
    const { stages, heads } = deserialiseTree(bytes, like, { ignoreRest: true })
    return { stages, ...(head && { head: (heads as Record<string, Variables>)[unit]! }) } as unknown as Owned<TeacherVariables>
  } catch (error) {
    throw new Error(`teacher: expected the weights of "${backbone.name}": ${(error as Error).message}`, { cause: error })
  } finally {
    dispose(like)
  }
}
