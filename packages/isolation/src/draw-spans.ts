import type { Span } from '@lapstrake/core'
import { checkGiven } from '@lapstrake/core/options'

/** The spans as planks on a hull, the lowest stage on the left: one line for each span, one column for each stage. */
export function drawSpans(spans: readonly Span[], depth: number): string {
  checkGiven('drawSpans', 'a list of spans, as in [{ start: 0, end: 2 }]', spans, 'list')
  checkGiven('drawSpans', 'how many stages there are', depth, 'number')
  return spans
    .map(({ start, end }) =>
      Array.from({ length: depth }, (_, stage) => (start <= stage && stage < end ? '━━━' : ' · '))
        .join(' ')
        .trimEnd()
    )
    .join('\n')
}
