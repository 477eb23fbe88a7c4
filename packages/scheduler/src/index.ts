export { disjoint } from './disjoint.ts'
export { layerwise, type LayerwiseOptions } from './layerwise.ts'
export { sequential } from './sequential.ts'
export { simultaneous } from './simultaneous.ts'
export {
  isProgressSchedule,
  progressOf,
  untilPlateau,
  type PlateauOptions,
  type Progress,
  type Progressing,
  type ProgressSchedule,
  type UnitProgress
} from './until-plateau.ts'
