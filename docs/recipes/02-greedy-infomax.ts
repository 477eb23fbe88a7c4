import { greedy, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'

/** Greedy InfoMax (Löwe et al. 2019) with SimCLR's loss: every stage learns alone, from the same kind of head. */
export default { ...simclr, name: 'greedy-infomax', isolation: greedy() } satisfies Experiment
