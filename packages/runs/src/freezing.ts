import { simultaneous } from '@lapstrake/scheduler'
import type { Schedule, Unit } from '@lapstrake/core'

/** When a unit has learned enough. */
export interface FreezeField {
  /** Steps without progress after which a unit no longer learns. */
  readonly patience: number
  /** What counts as progress: how much lower its loss must be, of its size; 0.005 when left out. */
  readonly tolerance?: number | undefined
}

/** How far a unit is: saved with the run. */
export interface UnitProgress {
  /** The loss, smoothed over some twenty steps. */
  readonly smooth: number
  readonly lowest: number
  /** The step that `lowest` was last undercut in. */
  readonly since: number
  readonly frozen?: true | undefined
}

/** Watches units and takes those that have learned enough out of the schedule. */
export interface Freezing {
  readonly schedule: Schedule
  /** Learns of the losses of a step; gives the units that end with it. */
  after(losses: Readonly<Record<string, number>>, step: number): readonly string[]
  readonly over: boolean
  readonly progress: Readonly<Record<string, UnitProgress>>
}

/**
 * @param saved of a run that goes on
 * @throws RangeError if patience is not a whole number above 0, or tolerance is below 0
 */
export function freezing(
  { patience, tolerance = 0.005 }: FreezeField,
  base: Schedule = simultaneous(),
  saved: Readonly<Record<string, UnitProgress>> = {}
): Freezing {
  if (!Number.isInteger(patience) || patience < 1)
    throw new RangeError(`freeze: expected a patience of 1 step or more, got ${patience}. Try 500.`)
  if (!(tolerance >= 0)) throw new RangeError(`freeze: expected a tolerance of 0 or more, got ${tolerance}. Try 0.005.`)
  const progress: Record<string, UnitProgress> = { ...saved }
  let learning: readonly Unit[] | undefined
  const isFrozen = ({ name }: Unit): boolean => progress[name]?.frozen === true
  return {
    progress,
    get over() {
      return learning !== undefined && learning.every(isFrozen)
    },
    schedule(units, step) {
      learning = units
      return base(
        units.filter(unit => !isFrozen(unit)),
        step
      )
    },
    after(losses, step) {
      return (learning ?? []).flatMap(unit => {
        const [loss, before] = [losses[unit.name], progress[unit.name]]
        if (loss === undefined || before?.frozen) return []
        const smooth = before === undefined ? loss : 0.95 * before.smooth + 0.05 * loss
        const better = before === undefined || smooth < before.lowest - tolerance * Math.abs(before.lowest)
        const next = better ? { smooth, lowest: smooth, since: step } : { ...before, smooth }
        const ends = step - next.since >= patience
        progress[unit.name] = ends ? { ...next, frozen: true } : next
        return ends ? [unit.name] : []
      })
    }
  }
}
