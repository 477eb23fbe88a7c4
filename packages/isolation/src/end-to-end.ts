import type { Isolation } from '@lapstrake/core'

/** One unit over all stages: ordinary backpropagation from the top to the input. */
export const endToEnd = (): Isolation => depth => [{ start: 0, end: depth }]
