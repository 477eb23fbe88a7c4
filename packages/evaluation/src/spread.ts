/** The mean of some numbers and how they vary: by `n − 1`, and unknown for a single one. */
export interface Spread {
  readonly mean: number
  readonly deviation?: number | undefined
  readonly count: number
}

/** Mean and standard deviation of some numbers, by `n − 1`. */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, count, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : undefined }
}
