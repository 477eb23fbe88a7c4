import type { Span } from '@lapstrake/core'

/** The spans as planks on a hull, the lowest stage on the left: one line for each span, one column for each stage. */
export const drawSpans = (spans: readonly Span[], depth: number): string =>
  spans
    .map(({ start, end }) =>
      Array.from({ length: depth }, (_, stage) => (start <= stage && stage < end ? '━━━' : ' · '))
        .join(' ')
        .trimEnd()
    )
    .join('\n')
