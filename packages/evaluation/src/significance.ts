import jStat from 'jstat'
import { spreadOf } from './spread.ts'

export { spreadOf, type Spread } from './spread.ts'

/** How probable a difference at least as large would be if there were none. */
export interface Significance {
  readonly p: number
  /** What was compared: the same seeds one by one, or the groups as wholes. */
  readonly test: 'paired' | 'Welch'
}

/**
 * Compares two groups of values by seed: in pairs where both have the same seeds, else by Welch's t-test.
 * Nothing where a group has one value, or where nothing varies.
 */
export function significanceOf(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>
): Significance | undefined {
  const paired = a.size === b.size && [...a.keys()].every(seed => b.has(seed))
  const p = paired
    ? pairedT([...a].map(([seed, value]) => value - b.get(seed)!))
    : welchT([...a.values()], [...b.values()])
  return p === undefined ? undefined : { p, test: paired ? 'paired' : 'Welch' }
}

/** Two-sided p of Student's t-test for differences whose mean might be zero. */
function pairedT(differences: readonly number[]): number | undefined {
  const { mean, deviation, count } = spreadOf(differences)
  if (deviation === undefined || deviation === 0) return undefined
  return twoSided(mean / (deviation / Math.sqrt(count)), count - 1)
}

/** Two-sided p for two groups that may vary differently (Welch 1947). */
function welchT(a: readonly number[], b: readonly number[]): number | undefined {
  const [x, y] = [spreadOf(a), spreadOf(b)]
  if (x.deviation === undefined || y.deviation === undefined) return undefined
  const [u, v] = [x.deviation ** 2 / x.count, y.deviation ** 2 / y.count]
  if (u + v === 0) return undefined
  return twoSided(
    (x.mean - y.mean) / Math.sqrt(u + v),
    (u + v) ** 2 / (u ** 2 / (x.count - 1) + v ** 2 / (y.count - 1))
  )
}

/** Of a t of zero the library gives a little more than one. */
const twoSided = (t: number, degreesOfFreedom: number): number =>
  Math.min(1, 2 * jStat.studentt.cdf(-Math.abs(t), degreesOfFreedom))

/** The middle one of some numbers; nothing of none. */
export const median = (values: readonly number[]): number | undefined =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
