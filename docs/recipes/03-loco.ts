import { overlapping, type Experiment } from 'lapstrake'
import simclr from './01-simclr.ts'

/** LoCo (Xiong et al. 2020): units of two stages, each sharing a stage with the next. */
const recipe: Experiment = { ...simclr, name: 'loco', isolation: overlapping() }

export default recipe
