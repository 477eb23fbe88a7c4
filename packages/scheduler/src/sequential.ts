import type { Schedule } from '@lapstrake/core'
import { bottomUp } from './bottom-up.ts'

/** Bottom to top; each unit sees the updates below it. Costs one pass up to the unit for each unit. */
export const sequential = (): Schedule => units => bottomUp(units).map(unit => [unit])
