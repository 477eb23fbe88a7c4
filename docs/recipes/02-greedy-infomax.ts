import { greedy, overlapping, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'

/**
 * Greedy InfoMax (Löwe et al. 2019) with SimCLR's loss: every stage learns alone, from the same kind of head.
 *
 * The paper cuts a network into modules, lets no gradient pass between them, and finds features as good as those of
 * end-to-end learning on speech and on photographs (STL-10), with the memory of one module at a time.
 *
 * The lines: everything is [SimCLR's](./01-simclr.ts) but for one field. `isolation: greedy()` makes four units of one
 * stage, each with a head and a loss of its own.
 *
 * Expect all three ways within a point. On small photographs and in a few epochs nothing is lost by learning alone, and
 * so overlapping has nothing to win back: color and texture are enough, and a single stage sees them.
 * [LoCo](./03-loco.ts) has images where that is not so.
 *
 * Look at the four curves: every unit answers the same question by itself, from what the stages below have left.
 *
 *     npm run --silent study:recipe -- docs/recipes/02-greedy-infomax.ts
 */
const recipe: Experiment = { ...simclr, name: 'greedy-infomax', isolation: greedy() }

/** One gradient through the whole network; and units of two stages that overlap. */
export const against: readonly Experiment[] = [simclr, { ...simclr, name: 'overlapping', isolation: overlapping() }]

export default recipe
