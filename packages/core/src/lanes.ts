import type { Merge, Unit } from './contracts.ts'

/** Units whose gradients travel downwards as one. */
export interface Lane {
  readonly units: readonly Unit[]
  readonly start: number
  /** Where the last of its units ends: from there on nothing more joins the lane. */
  readonly end: number
}

/** The units that hold a stage, each with the weight of what it teaches there. */
export function sharesOf(units: readonly Unit[], stage: number, merge: Merge): Map<Unit, number> {
  const holders = units
    .filter(({ start, end }) => start <= stage && stage < end)
    .sort((a, b) => a.end - b.end || a.start - b.start)
  const weights = holders.length === 0 ? [] : merge(holders)
  if (!Array.isArray(weights) || weights.length !== holders.length) {
    const got = Array.isArray(weights) ? weights.length : typeof weights
    throw new Error(`merge: expected ${holders.length} weights, one for each unit, got ${got}. Return units.map(…).`)
  }
  const unfit = (weights as readonly number[]).find(weight => !Number.isFinite(weight))
  if (unfit !== undefined) throw new RangeError(`merge: expected finite weights, got ${unfit} at stage ${stage}.`)
  return new Map(holders.map((unit, i) => [unit, weights[i]!]))
}

/** Units with one start travel as one, unless a merge tells them apart. */
export function lanesOf(units: readonly Unit[], shares: readonly Map<Unit, number>[]): readonly Lane[] {
  const alike = shares.every(share => new Set(share.values()).size <= 1)
  const learning = units.filter(({ start, end }) => start < end)
  const groups = alike
    ? [...new Set(learning.map(({ start }) => start))].map(start => learning.filter(unit => unit.start === start))
    : learning.map(unit => [unit])
  return groups.map(units => ({ units, start: units[0]!.start, end: Math.max(...units.map(({ end }) => end)) }))
}
