// Numbers over seeds, as the pages write them.

export const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** Of a sample; 0 of one number. */
export function deviation(numbers: readonly number[]): number {
  const middle = mean(numbers)
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0) / Math.max(1, numbers.length - 1))
}

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
