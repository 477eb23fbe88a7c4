/** Pixels along an edge of an image at most: more than any that is learned from, and one takes 200 MB. */
export const longestEdge = 8192

/**
 * What is counted, and then allocated or started, must be a whole number within bounds.
 *
 * @throws RangeError that says which, and what came
 */
export function checkWhole(who: string, what: string, value: number, least: number, most: number = Infinity): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  const bounds = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`
  const got = typeof value === 'number' ? value : JSON.stringify(value)
  throw new RangeError(`${who}: expected ${what} to be a whole number ${bounds}, got ${got}.`)
}
