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
 * @throws TypeError for another backbone or head, and for a unit that it does not have or that ends below the top
 */
export function checkTrainedBy(
  who: string,
  { backbone, head, sees, unit = firstUnit, trainedBy }: TaughtTeacher,
  inputShape: Shape
): void {
  const shape = sees?.shape ?? inputShape
  const [declared, trained] = [backbone, trainedBy.backbone].map(of => formOf(of, shape)) as [string, string]
  if (declared !== trained)
    throw new TypeError(
      `${who}: expected trainedBy to train the teacher's backbone, whose variables are ${declared}, got ${trained}. ` +
        'Give both one backbone.'
    )
  if (head === undefined) return
  const { shapes } = networkOf(backbone, shape)
  const units = unitsOf(trainedBy, shapes)
  const names = units.map(({ name }) => name)
  const read = units.find(({ name }) => name === unit)
  if (read === undefined)
    throw new TypeError(
      `${who}: expected unit to be one of those of ${trainedBy.name}, ${names.join(', ')}, got ${unit}.` +
        didYouMean(unit, names)
    )
  const [own, theirs] = [head, read.head].map((stage, i) =>
    formOf({ stages: [stage] }, i === 0 ? shapes.at(-1)! : shapes[read.end]!)
  ) as [string, string]
  if (own === '' && theirs === '') return
  const top = backbone.stages.length
  if (read.end !== top) {
    const upper = units.find(({ end }) => end === top)?.name ?? 'top'
    throw new TypeError(
      `${who}: expected its head to be that of a unit of ${trainedBy.name} that ends at the top, stage ${top}, ` +
        `got that of ${unit}, which ends at ${read.end}. Name another, as in unit: '${upper}'.`
    )
  }
  if (own !== theirs)
    throw new TypeError(
      `${who}: expected ${unit} of ${trainedBy.name} to train the teacher's head, whose variables are ${own}, ` +
        `got ${theirs}. Give both one head.`
    )
}

/** The shapes of what a backbone learns, stage by stage from the bottom. */
export function formOf(backbone: Pick<Backbone, 'stages'>, inputShape: Shape): string {
  const variables = networkOf(backbone, inputShape).init(seeded(0))
  try {
    return variables
      .map(stage =>
        tensorsOf(stage)
          .map(({ shape }) => shape.join('×'))
          .join(', ')
      )
      .join('; ')
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
  who: string,
  teacher: TrainedTeacher & { weights(): Promise<Uint8Array | ArrayBuffer> },
  inputShape: Shape,
  onWarning: (warning: string) => void
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
