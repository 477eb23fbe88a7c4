import type { Unit } from '@lapstrake/core'

/** The units from the lowest to the highest: by their end, then by their start. */
export const bottomUp = (units: readonly Unit[]): readonly Unit[] =>
  [...units].sort((a, b) => a.end - b.end || a.start - b.start)
