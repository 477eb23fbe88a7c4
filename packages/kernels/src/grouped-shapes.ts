import type { Shape } from '@lapstrake/core'

/**
 * What normalisations of groups are tried on: one group, as many as channels, widths that are no multiple of four, more
 * than a block.
 */
export const groupedShapes: readonly { readonly shape: Shape; readonly groups: number }[] = [
  { shape: [3, 1, 1, 6], groups: 2 },
  { shape: [1, 4, 3, 1], groups: 1 },
  { shape: [2, 5, 4, 6], groups: 6 },
  { shape: [7, 9, 8, 32], groups: 1 },
  { shape: [5, 3, 7, 13], groups: 13 },
  { shape: [3, 40, 37, 20], groups: 4 },
  { shape: [2, 30, 30, 35], groups: 5 }
]
