import { checkGiven } from '@lapstrake/core'
import type { StepMetrics } from '../step-metrics.ts'
import { withoutPrototype } from './without-prototype.ts'

/**
 * A unit's loss as every command tells it: the mean over the last tenth of the steps, or its last one where it did not
 * learn in them. Nothing where it never did.
 */
export function recentLoss(steps: readonly Pick<StepMetrics, 'losses'>[], unit: string): number | undefined {
  checkGiven('recentLoss', 'the steps of a run', steps, 'list')
  checkGiven('recentLoss', 'the name of a unit', unit, 'string')
  const values = steps.slice(-Math.ceil(steps.length / 10)).flatMap(({ losses }) => losses[unit] ?? [])
  if (values.length === 0) return steps.findLast(({ losses }) => losses[unit] !== undefined)?.losses[unit]
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The same of every unit. */
export const recentLosses = (steps: readonly Pick<StepMetrics, 'losses'>[]): Readonly<Record<string, number>> =>
  withoutPrototype(unitsOf(steps).map(unit => [unit, recentLoss(steps, unit)!]))

/** The units of some steps. */
export function unitsOf(steps: readonly Pick<StepMetrics, 'losses'>[]): readonly string[] {
  checkGiven('unitsOf', 'the steps of a run', steps, 'list')
  return [...new Set(steps.flatMap(({ losses }) => Object.keys(losses)))]
}
