import type * as tf from '@tensorflow/tfjs-core'
import type { Batch, Shape, Stage, Teacher, Unit, Variables, Views } from './contracts.ts'
import { own } from './memory.ts'
import type { Random } from './random.ts'
import { shapesOf } from './units.ts'
import { foldViews } from './views.ts'
import { applyToFlow } from './window-walk.ts'

/** The frozen variables of a teacher: of its stages, and of its head if it has one. */
export interface TeacherVariables {
  readonly stages: readonly Variables[]
  readonly head?: Variables
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
  const shapes = shapesOf(frozen, inputShape)
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
        const { folded, unfold } = foldViews(batch.views)
        const shown: Record<string, Views> = {}
        let flow: readonly tf.Tensor[] = folded
        for (let level = 0; level <= Math.max(...levels.values()); level++) {
          if (level > 0) flow = applyToFlow(frozen[level - 1]!, weights[level - 1]!, flow, { training: false }).outputs
          for (const unit of units) if (levels.get(unit) === level) shown[unit.name] = unfold(flow)
        }
        return shown
      })
  }
}

/**
 * First variables of a teacher, for something to be read into or for its shape.
 *
 * @returns the caller's own when called inside `own`
 */
export function untrainedTeacher({ backbone, head }: Teacher, inputShape: Shape, random: Random): TeacherVariables {
  let shape = inputShape
  const first = (stage: Stage, i: number): Variables => {
    const { params, buffers, outputShape } = stage.init(random.split(i), shape)
    shape = outputShape
    return { params, buffers }
  }
  const stages = backbone.stages.map(first)
  return { stages, ...(head && { head: first(head, stages.length) }) }
}
