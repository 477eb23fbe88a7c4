import type { Isolation, Span } from '@lapstrake/core'

/**
 * Exactly these spans, as half-open intervals of stages: `spans([[0, 2], [1, 4]])`.
 *
 * @throws RangeError if a span holds no stage, starts below 0 or is listed twice, and, once the depth is known,
 *   if one ends above the top
 */
export function spans(list: readonly (readonly [start: number, end: number])[]): Isolation {
  if (!Array.isArray(list) || !list.every(Array.isArray))
    throw new TypeError(`spans: expected a list of spans, as in [[0, 2], [1, 4]], got ${JSON.stringify(list)}.`)
  const fixed = list.map(([start, end]): Span => ({ start, end }))
  const written = fixed.map(({ start, end }) => `[${start}, ${end}]`)
  fixed.forEach(({ start, end }, i) => {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start) {
      throw new RangeError(
        `spans: expected whole numbers with 0 ≤ start < end, got ${written[i]}. A span of one stage reads [0, 1].`
      )
    }
    if (written.indexOf(written[i]!) !== i)
      throw new RangeError(`spans: expected each span once, got ${written[i]} twice. Remove one.`)
  })
  if (fixed.length === 0) throw new RangeError('spans: expected at least one span, got none. Try [[0, 1]].')
  return depth => {
    const outside = fixed.findIndex(({ end }) => end > depth)
    if (outside >= 0) {
      throw new RangeError(
        `spans: expected spans within the ${depth} stages of the backbone, got ${written[outside]}. Shorten it, ` +
          'or add stages.'
      )
    }
    return fixed
  }
}
