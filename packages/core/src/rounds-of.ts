import type { Schedule, Unit } from './contracts.ts'
import type { Round } from './learned.ts'

/**
 * The rounds of a step. Probes teach nothing, so any round will do: they are in the first.
 *
 * @throws Error if the schedule gives no unit, or one it was not given
 */
export function roundsOf(schedule: Schedule, units: readonly Unit[], step: number): readonly Round[] {
  const probes = units.filter(({ start, end }) => start === end)
  const learning = units.filter(({ start, end }) => start < end)
  const given = schedule(learning, step)
  if (!Array.isArray(given) || !given.every(Array.isArray))
    throw new TypeError(`schedule: expected rounds of units at step ${step}, as in units => [units].`)
  const rounds = given.filter(({ length }) => length > 0) as (readonly Unit[])[]
  const stranger = rounds.flat().find(unit => !units.includes(unit))
  if (stranger !== undefined) {
    throw new Error(
      `schedule: expected units it was given, got "${stranger.name}". Return the units themselves, ` +
        'arranged in rounds.'
    )
  }
  const [first, ...later] = rounds
  if (first === undefined)
    throw new Error(`schedule: expected at least one round with a unit at step ${step}, got none.`)
  const twice = rounds.find(round => new Set(round).size < round.length)
  if (twice !== undefined)
    throw new Error(`schedule: expected each unit once in a round, got ${twice.map(({ name }) => name).join(', ')}.`)
  const all = [[...first, ...probes], ...later]
  return all.map((units, i) => ({ units, earlier: all.slice(0, i).flat() }))
}
