import { greedy, overlapping, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'

/**
 * Greedy InfoMax (Löwe et al. 2019) with SimCLR's loss: every stage learns alone, from the same kind of head.
 *
 * On small photographs and in a few epochs nothing is lost by it, and so overlapping has nothing to win back: color and
 * texture are enough, and a single stage sees them. Expect all three within a point. [LoCo](./03-loco.ts) has images
 * where that is not so.
 *
 *     npm run --silent study:recipe -- docs/recipes/02-greedy-infomax.ts
 */
const recipe: Experiment = { ...simclr, name: 'greedy-infomax', isolation: greedy() }

/** One gradient through the whole network; and units of two stages that overlap. */
export const against: readonly Experiment[] = [simclr, { ...simclr, name: 'overlapping', isolation: overlapping() }]

export default recipe
