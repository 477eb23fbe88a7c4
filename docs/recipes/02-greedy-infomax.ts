import { greedy, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'

/** Greedy InfoMax (Löwe et al. 2019) with SimCLR's loss: every stage learns alone, from the same kind of head. */
const recipe: Experiment = { ...simclr, name: 'greedy-infomax', isolation: greedy() }

export default recipe
