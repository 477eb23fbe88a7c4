import * as tf from '@tensorflow/tfjs-core'
import { climb } from './climb.ts'
import type { Batch, Teacher, Unit, Variables, Views } from './contracts.ts'
import { checkShape, checkStages } from './check-recipe.ts'
import type { Shape } from './shape.ts'
import { own, type Owned } from './memory.ts'
import { networkOf } from './network.ts'
import type { Random } from './random.ts'
import { foldViews } from './views.ts'

/** The frozen variables of a teacher: of its stages, and of its head if it has one. */
export interface TeacherVariables {
  readonly stages: readonly Variables[]
  readonly head?: Variables | undefined
}

/** A teacher at work. */
export interface Teaching {
  /** The shape of what a unit sees, without the batch axis. */
  shapeFor(unit: Unit): Shape
  /** What each unit sees of the batch, by name. */
  show(batch: Batch): Readonly<Record<string, Views>>
}

/**
 * Puts a teacher in front of units. It climbs no higher than the uppermost of them looks.
 *
 * @throws Error if its variables do not fit
 * @throws RangeError if a unit looks where the teacher has no stage
 */
export function teaches(
  { backbone: { stages }, head, reads }: Teacher,
  units: readonly Unit[],
  inputShape: Shape,
  variables: TeacherVariables | undefined
): Teaching {
  if (variables?.stages.length !== stages.length || (head !== undefined && variables.head === undefined)) {
    const said = (count: number, withHead: boolean): string => `${count} stages${withHead ? ' and a head' : ''}`
    const got =
      variables === undefined ? 'none' : `those of ${said(variables.stages.length, variables.head !== undefined)}`
    throw new Error(
      `teacher: expected the variables of ${said(stages.length, head !== undefined)}, got ${got}. ` +
        'Give createTrainer(recipe, { teacher: { stages, head } }), as train() does for an experiment.'
    )
  }
  const frozen = head === undefined ? stages : [...stages, head]
  const weights = [...variables.stages, ...(head === undefined ? [] : [variables.head!])]
  const { shapes } = networkOf({ stages: frozen }, inputShape)
  const levels = new Map(
    units.map(unit => {
      const chosen = reads?.(unit) ?? (head === undefined ? stages.length : 'head')
      const level = chosen === 'head' && head !== undefined ? frozen.length : chosen
      if (level === 'head' || !Number.isInteger(level) || level < 0 || level > frozen.length) {
        throw new RangeError(
          `teacher: expected unit "${unit.name}" to read 0 to ${stages.length} stages${head ? ' or the head' : ''}, ` +
            `got ${String(chosen)}.`
        )
      }
      return [unit, level]
    })
  )

  return {
    shapeFor: unit => shapes[levels.get(unit)!]!,
    show: batch =>
      own(() => {
        const { flow, unfold } = foldViews(batch)
        const shown: Record<string, Views> = {}
        const top = Math.max(...levels.values())
        climb({ stages: frozen, variables: weights, mode: { training: false }, top }, flow, (level, { tensors }) => {
          for (const unit of units.filter(unit => levels.get(unit) === level))
            shown[unit.name] = unfold(tensors.map(tensor => tf.clone(tensor)))
        })
        return shown
      })
  }
}

/** First variables of a teacher, for something to be read into or for its shape. */
export function untrainedTeacher(teacher: Teacher, inputShape: Shape, random: Random): Owned<TeacherVariables> {
  const { backbone, head } = (teacher ?? {}) as Teacher
  checkStages('teacher', backbone)
  checkShape('teacher', inputShape)
  if (typeof random?.split !== 'function')
    throw new TypeError('untrainedTeacher: expected randomness to draw weights from, as in seeded(0).')
  const { stages } = backbone
  const network = networkOf({ stages: head === undefined ? stages : [...stages, head] }, inputShape)
  return own(() => {
    const variables = network.init(random)
    const [first, above] = [variables.slice(0, stages.length), variables[stages.length]]
    return above === undefined ? { stages: first } : { stages: first, head: above }
  })
}
