export { disjoint } from './disjoint.ts'
export { layerwise, type LayerwiseOptions } from './layerwise.ts'
export { sequential } from './sequential.ts'
export { simultaneous } from './simultaneous.ts'
export {
  isProgressSchedule,
  progressOf,
  untilPlateau,
  type Progress,
  type Progressing,
  type ProgressSchedule,
  type UnitProgress,
  type UntilPlateauOptions
} from './until-plateau.ts'
