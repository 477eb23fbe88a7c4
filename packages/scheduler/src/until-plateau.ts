import type { Schedule, Unit } from '@lapstrake/core'
import { checkOptions } from '@lapstrake/core/options'
import { simultaneous } from './simultaneous.ts'

/** When a unit has learned enough. */
export interface UntilPlateauOptions {
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
  /** The step, of those that it learned in, that `lowest` was last undercut in. */
  readonly since: number
  /** The steps that it learned in. */
  readonly steps?: number | undefined
  readonly frozen?: true | undefined
}

/** How far each unit is, by its name. */
export type Progress = Readonly<Record<string, UnitProgress>>

/** A schedule that one run follows, and that learns of its losses. */
export interface Progressing {
  readonly schedule: Schedule
  /** Learns of the losses of a step; gives the names of the units that end with it. */
  after(losses: Readonly<Record<string, number>>, step: number): readonly string[]
  /** Whether none of the units is left to learn; probes do not count. */
  over(units: readonly Unit[]): boolean
  /** What a run saves, to go on with. */
  readonly progress: Progress
}

/**
 * A schedule that depends on how the units get on. By itself it is the schedule of the beginning; each run follows one
 * of its own.
 */
export interface ProgressSchedule extends Schedule {
  /** @param saved of a run that goes on */
  begin(saved?: Progress): Progressing
  /** What it was made with, by which a run that goes on is told from others. */
  readonly settings: UntilPlateauOptions
}

/**
 * Ends a unit's learning once its loss no longer falls; when none is left, the run ends. What is frozen below still
 * feeds the units above.
 *
 * @param base who learns when, among those that still do
 * @throws RangeError if patience is not a whole number above 0, or tolerance is below 0
 * @throws TypeError for a base that is no schedule
 */
export function untilPlateau(options: UntilPlateauOptions, base: Schedule = simultaneous()): ProgressSchedule {
  checkOptions<UntilPlateauOptions>('untilPlateau', options, { patience: 'number', tolerance: 'number' })
  if (typeof base !== 'function')
    throw new TypeError(
      `untilPlateau: expected a schedule behind the options, as in sequential(), got ${JSON.stringify(base)}.`
    )
  const { patience, tolerance = 0.005 } = options
  if (!Number.isInteger(patience) || patience < 1)
    throw new RangeError(`untilPlateau: expected a patience of 1 step or more, got ${patience}. Try 500.`)
  if (!(tolerance >= 0))
    throw new RangeError(`untilPlateau: expected a tolerance of 0 or more, got ${tolerance}. Try 0.005.`)
  if (isProgressSchedule(base))
    throw new TypeError(
      'untilPlateau: expected a schedule beneath that does not depend on progress itself, got another untilPlateau. ' +
        'Give it sequential(), or nothing.'
    )
  const whole: Schedule = (units, step) => base(units, step)
  return Object.assign(whole, {
    settings: { patience, tolerance },
    begin: (saved: Progress = {}) => progressing({ patience, tolerance }, base, saved)
  })
}

function progressing(
  { patience, tolerance }: Required<UntilPlateauOptions>,
  base: Schedule,
  saved: Progress
): Progressing {
  const progress: Record<string, UnitProgress> = { ...saved }
  let learning: readonly Unit[] | undefined
  const isFrozen = ({ name }: Unit): boolean => progress[name]?.frozen === true
  return {
    progress,
    over: units => units.filter(({ start, end }) => start < end).every(isFrozen),
    schedule(units, step) {
      learning = units
      const rounds = base(units, step)
        .map(round => round.filter(unit => !isFrozen(unit)))
        .filter(({ length }) => length > 0)
      if (rounds.length > 0) return rounds
      // Whose turn it is has learned enough: the others do not wait for it to end.
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
        // Steps that it learned in: a turn of others is no lack of progress. Older runs counted all.
        const steps = (before?.steps ?? step - 1) + 1
        const better = before === undefined || smooth < before.lowest - tolerance! * Math.abs(before.lowest)
        const next = better ? { smooth, lowest: smooth, since: steps, steps } : { ...before, smooth, steps }
        const ends = steps - next.since >= patience
        progress[unit.name] = ends ? { ...next, frozen: true } : next
        return ends ? [unit.name] : []
      })
    }
  }
}

/** What a run follows, where its schedule depends on how the units get on; nothing for any other. */
export const progressOf = (schedule: Schedule | undefined, saved?: Progress): Progressing | undefined =>
  schedule !== undefined && isProgressSchedule(schedule) ? schedule.begin(saved) : undefined

/** Whether a schedule depends on how the units get on. */
export const isProgressSchedule = (schedule: Schedule): schedule is ProgressSchedule =>
  typeof schedule === 'function' && 'begin' in schedule
