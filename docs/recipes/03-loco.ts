import { overlapping, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'
import greedy from './02-greedy-infomax.ts'

/**
 * LoCo (Xiong et al. 2020): units of two stages, each sharing a stage with the next.
 *
 *     npm run --silent study:recipe -- docs/recipes/03-loco.ts --methods pixels,untrained,simclr,greedy-infomax,loco
 */
const recipe: Experiment = { ...simclr, name: 'loco', isolation: overlapping() }

/** One gradient through the whole network, and none beyond a stage. */
export const against: readonly Experiment[] = [simclr, greedy]

export default recipe
