// Numbers over seeds, as the pages write them.
import { spreadOf } from '@lapstrake/evaluation/significance'

export const mean = (numbers: readonly number[]): number => spreadOf(numbers).mean

/** 0 of one number: it has nothing to vary from. */
export const deviation = (numbers: readonly number[]): number => spreadOf(numbers).deviation ?? 0

/** Mean and, of two or more, deviation, with spaces that do not break. */
export const spread = (numbers: readonly number[], digits: number): string =>
  mean(numbers).toFixed(digits) + (numbers.length > 1 ? `\u00a0±\u00a0${deviation(numbers).toFixed(digits)}` : '')

/** The same in hundredths. */
export const percent = (parts: readonly number[], digits = 1): string =>
  spread(
    parts.map(part => 100 * part),
    digits
  )

/** The same, with its sign. */
export function signed(parts: readonly number[]): string {
  const size = Math.abs(100 * mean(parts)).toFixed(1)
  const sign = size === '0.0' ? '' : mean(parts) < 0 ? '−' : '+'
  return `${sign}${size}${parts.length > 1 ? `\u00a0±\u00a0${(100 * deviation(parts)).toFixed(1)}` : ''}`
}
