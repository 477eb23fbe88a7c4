/** What an axis shows. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** An axis on which all these values lie; the same for no values. */
export function rangeOf(values: readonly number[]): Range {
  if (values.length === 0) return { low: 0, high: 1 }
  const [low, high] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const, [
    Infinity,
    -Infinity
  ] as const)
  return low < high ? { low, high } : { low: low - 0.5, high: high + 0.5 }
}

/** The points of a polyline in a square of 100: one value for each step from the left, the highest on top. */
export const points = (values: readonly number[], steps: number, { low, high }: Range): string =>
  values
    .map(
      (value, i) =>
        `${((100 * i) / Math.max(1, steps - 1)).toFixed(2)},${((100 * (high - value)) / (high - low)).toFixed(2)}`
    )
    .join(' ')
