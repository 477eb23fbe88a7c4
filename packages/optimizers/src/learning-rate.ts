/** A learning rate, or a schedule: from the number of updates an owner has had so far to the rate of the next. */
export type LearningRate = number | ((updates: number) => number)

/** @throws RangeError if it is no schedule, and negative, infinite or not a number */
export function checkRate(who: string, rate: LearningRate): void {
  if (typeof rate !== 'function') accept(who, rate)
}

/**
 * The rate of the next update.
 *
 * @throws RangeError if a schedule gives a negative, infinite or undefined rate
 */
export const rateAt = (who: string, rate: LearningRate, updates: number): number =>
  typeof rate === 'number' ? rate : accept(who, rate(updates), ` from the schedule after ${updates} updates`)

function accept(who: string, rate: number, origin = ''): number {
  if (!(typeof rate === 'number' && rate >= 0 && rate < Infinity)) {
    throw new RangeError(`${who}: expected a learning rate of 0 or more, got ${String(rate)}${origin}. Try 0.1.`)
  }
  return rate
}
