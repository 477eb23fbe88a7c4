import type { OptionKinds } from '@lapstrake/core'
import { checkPositive } from '@lapstrake/embeddings'

/**
 * Where a prior's deviation may lie: a bound for every point of `σ_P² = largest · e^(−j / precision)`, j = 1, 2, …,
 * holds for all of them at once, so that the deviation can be learnt (Langford & Caruana 2001).
 */
export interface PriorGrid {
  /** Points to a factor of e in the prior's variance: `b` of the paper. */
  readonly precision?: number | undefined
  /** Above every variance of the prior: `c` of the paper. */
  readonly largestVariance?: number | undefined
}

export const gridKinds: OptionKinds<PriorGrid> = { precision: 'number', largestVariance: 'number' }

interface WholePriorGrid extends PriorGrid {
  readonly precision: number
  readonly largestVariance: number
}

/** A {@link PriorGrid} with nothing left out. @throws RangeError if either is not above 0 */
export function priorGrid(who: string, { precision = 100, largestVariance = 0.1 }: PriorGrid): WholePriorGrid {
  checkPositive(who, 'precision', precision, 'Try 100.')
  checkPositive(who, 'largestVariance', largestVariance, 'Try 0.1.')
  return { precision, largestVariance }
}

/** @throws RangeError unless a probability of failure lies between 0 and 1 */
export function checkDelta(who: string, name: string, delta: number): void {
  if (!(delta > 0 && delta < 1))
    throw new RangeError(
      `${who}: expected ${name} between 0 and 1, the chance that the bound fails, got ${delta}. Try 0.05.`
    )
}

/** @throws RangeError unless tuples depend on so many neighbours, 0 or more */
export function checkDependence(who: string, dependence: number): void {
  if (!(dependence >= 0 && dependence < Infinity))
    throw new RangeError(`${who}: expected a dependence of 0 or more, got ${dependence}. Try 0.`)
}

/** The deviation of the first point of the grid: none of the prior may be larger. */
export const largestLogStd = ({ precision, largestVariance }: WholePriorGrid): number =>
  (Math.log(largestVariance) - 1 / precision) / 2
