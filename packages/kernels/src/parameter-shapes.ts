import type { Shape } from '@lapstrake/core'

/** What steps of optimizers are tried on: a number, rows of all lengths, more than a block of 4096. */
export const parameterShapes: readonly Shape[] = [[], [1], [4], [7, 5], [64, 64], [130, 211]]
