import * as tf from '@tensorflow/tfjs-core'
import type { Shown } from './begin.ts'
import { checkBatch } from './check-batch.ts'
import { checkShape, checkStages } from './check-recipe.ts'
import { climb } from './climb.ts'
import type { Batch, LossShapes, OneOrNamed, Sight, Teacher, Unit, Variables, Views } from './contracts.ts'
import { own, type Owned } from './memory.ts'
import { networkOf } from './network.ts'
import type { Random } from './random.ts'
import type { Shape } from './shape.ts'
import { calledTeacher, teachersOf } from './teachers.ts'
import { byName } from './units.ts'
import { foldViews } from './views.ts'

/** The frozen variables of a teacher: of its stages, and of its head if it has one. */
export interface TeacherVariables {
  readonly stages: readonly Variables[]
  readonly head?: Variables | undefined
}

/** The teachers of a recipe at work. */
export interface Teaching {
  /** The shapes of what a unit sees, without the batch axis. */
  shapesFor(unit: Unit): Pick<LossShapes, 'teacher' | 'teachers'>
  /** What each unit sees of the batch, by name. */
  show(batch: Batch): Readonly<Record<string, Pick<Shown, 'teacher' | 'teachers'>>>
}

/**
 * Puts a teacher in front of units, or several.
 *
 * @param variables in the form in which the teachers are given
 * @throws Error if they do not fit
 * @throws RangeError if a unit looks where a teacher has no stage
 */
export function teaches(
  given: OneOrNamed<Teacher>,
  units: readonly Unit[],
  inputShape: Shape,
  variables: OneOrNamed<TeacherVariables> | undefined
): Teaching {
  const lessons = teachersOf(given).map(([name, teacher]) => {
    const weights =
      name === '' ? variables : (variables as Readonly<Record<string, TeacherVariables>> | undefined)?.[name]
    return [name, lessonsOf(name, teacher, units, inputShape, weights as TeacherVariables | undefined)] as const
  })
  /** Something of each: of one alone, or by their names. */
  const ofEach = <T>(of: (one: Lessons) => T): { readonly teacher?: T; readonly teachers?: Record<string, T> } => {
    const found = lessons.map(([name, one]) => [name, of(one)] as const)
    return found[0]?.[0] === '' ? { teacher: found[0][1] } : { teachers: Object.fromEntries(found) }
  }
  return {
    shapesFor: unit => ofEach(one => one.shapeFor(unit)),
    show(batch) {
      const shown = new Map(lessons.map(([, one]) => [one, one.show(batch)]))
      return byName(units, ({ name }) => ofEach(one => shown.get(one)![name]!))
    }
  }
}

/** What one teacher shows each unit. */
interface Lessons {
  shapeFor(unit: Unit): Shape
  /** By the name of the unit. */
  show(batch: Batch): Readonly<Record<string, Views>>
}

/** It climbs no higher than the uppermost of the units looks. */
function lessonsOf(
  name: string,
  { backbone: { stages }, head, reads, sees }: Teacher,
  units: readonly Unit[],
  inputShape: Shape,
  variables: TeacherVariables | undefined
): Lessons {
  const who = calledTeacher(name)
  if (variables?.stages?.length !== stages.length || (head !== undefined && variables.head === undefined)) {
    const said = (count: number, withHead: boolean): string => `${count} stages${withHead ? ' and a head' : ''}`
    const got =
      variables?.stages === undefined
        ? 'none'
        : `those of ${said(variables.stages.length, variables.head !== undefined)}`
    const where = name === '' ? '{ stages, head }' : `{ ${name}: { stages, head } }`
    throw new Error(
      `${who}: expected the variables of ${said(stages.length, head !== undefined)}, got ${got}. ` +
        `Give createTrainer(recipe, { teacher: ${where} }), as train() does for an experiment.`
    )
  }
  const frozen = head === undefined ? stages : [...stages, head]
  const weights = [...variables.stages, ...(head === undefined ? [] : [variables.head!])]
  const shape = sees?.shape ?? inputShape
  const { shapes } = networkOf({ stages: frozen }, shape)
  const levels = new Map(
    units.map(unit => {
      const chosen = reads?.(unit) ?? (head === undefined ? stages.length : 'head')
      const level = chosen === 'head' && head !== undefined ? frozen.length : chosen
      if (level === 'head' || !Number.isInteger(level) || level < 0 || level > frozen.length) {
        throw new RangeError(
          `${who}: expected unit "${unit.name}" to read 0 to ${stages.length} stages${head ? ' or the head' : ''}, ` +
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
        const { flow, unfold } = foldViews(sees === undefined ? batch : seen(who, sees, batch))
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

/** @throws Error unless there are views of its shape, of the examples of the batch */
function seen(who: string, sees: Sight, batch: Batch): Pick<Batch, 'views'> {
  let views: Views
  try {
    views = sees.views(batch)
  } catch (error) {
    throw new Error(
      `${who}: expected sees.views to make views of the batch, but it fails: ${(error as Error).message}. ` +
        'Give a batch that has what it reads.',
      { cause: error }
    )
  }
  checkBatch(who, { views }, sees.shape)
  const [rows, expected] = [views[0].shape[0], batch.views[0].shape[0]]
  if (rows !== expected)
    throw new Error(`${who}: expected to see the ${expected} examples of the batch, got ${rows}. Mend sees.views.`)
  return { views }
}

/** First variables of a teacher, for something to be read into or for its shape. */
export function untrainedTeacher(teacher: Teacher, inputShape: Shape, random: Random): Owned<TeacherVariables> {
  const { backbone, head, sees } = (teacher ?? {}) as Teacher
  checkStages('teacher', backbone)
  checkShape('teacher', inputShape)
  if (typeof random?.split !== 'function')
    throw new TypeError('untrainedTeacher: expected randomness to draw weights from, as in seeded(0).')
  const { stages } = backbone
  const network = networkOf({ stages: head === undefined ? stages : [...stages, head] }, sees?.shape ?? inputShape)
  return own(() => {
    const variables = network.init(random)
    const [first, above] = [variables.slice(0, stages.length), variables[stages.length]]
    return above === undefined ? { stages: first } : { stages: first, head: above }
  })
}
