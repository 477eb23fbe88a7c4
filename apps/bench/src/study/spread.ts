// Numbers over seeds, as the pages write them.
import { spreadOf } from '@lapstrake/evaluation/significance'

export const mean = (numbers: readonly number[]): number => spreadOf(numbers).mean

/** 0 of one number: it has nothing to vary from. */
export const deviation = (numbers: readonly number[]): number => spreadOf(numbers).deviation ?? 0

/** Mean and deviation in hundredths, with spaces that do not break. */
export const percent = (parts: readonly number[], digits = 1): string =>
  `${(100 * mean(parts)).toFixed(digits)}` +
  (parts.length > 1 ? `\u00a0±\u00a0${(100 * deviation(parts)).toFixed(digits)}` : '')

/** The same, with its sign. */
export function signed(parts: readonly number[]): string {
  const size = Math.abs(100 * mean(parts)).toFixed(1)
  const sign = size === '0.0' ? '' : mean(parts) < 0 ? '−' : '+'
  return `${sign}${size}${parts.length > 1 ? `\u00a0±\u00a0${(100 * deviation(parts)).toFixed(1)}` : ''}`
}
