import { UsageError } from './usage-error.ts'

/**
 * A whole number from the command line.
 *
 * @throws UsageError for anything else, and beyond the bounds
 */
export function wholeNumber(option: string, text: string, least: number, most: number = Infinity): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least && value <= most && text.trim() !== '') return value
  const bounds = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`
  throw new UsageError(
    `${option}: expected a whole number ${bounds}, got ${text}. Try ${option} ${Math.max(1, least)}.`
  )
}

/** Height and width of images, where an option says them. */
export const lengthGiven = (option: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber(option, text, 1, longestEdge)

/** Pixels along an edge of an image at most. */
const longestEdge = 8192
