import { convNet, type Experiment } from 'lapstrake'
import endToEnd from '../../../../docs/recipes/01-simclr.ts'
import greedy from '../../../../docs/recipes/02-greedy-infomax.ts'
import overlapping from '../../../../docs/recipes/03-loco.ts'
import { depth } from './lanes.ts'

/** A network of many small stages: deep enough that what end-to-end must keep shows, and quick on any machine. */
const backbone = convNet({
  widths: Array<number>(depth).fill(24),
  strides: Array.from({ length: depth }, (_, stage) => (stage === 0 ? 2 : 1)),
  layers: 1
})

/** Recipes 01 to 03 on that network; nothing but their isolation differs. */
export const contestants: readonly Experiment[] = [endToEnd, greedy, overlapping].map(recipe => ({
  ...recipe,
  backbone
}))
