import type { Span } from 'lapstrake'

/** The row each span is drawn in, so that none covers another: the first row that is free from where it starts. */
export function lanesOf(spans: readonly Span[]): readonly number[] {
  const ends: number[] = []
  return spans.map(({ start, end }) => {
    const free = ends.findIndex(last => last <= start)
    const lane = free < 0 ? ends.length : free
    ends[lane] = Math.max(end, start + 1)
    return lane
  })
}
