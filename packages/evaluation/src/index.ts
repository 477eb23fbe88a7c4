export {
  collectFeatures,
  collectLevels,
  type CollectedFeatures,
  type CollectFeaturesOptions,
  type CollectLevelsOptions,
  type Features,
  type Pool
} from './features.ts'
export { diagnose, type Diagnosis } from './diagnose.ts'
export { fitReadout, readProbabilities, type FittedReadout, type FitReadoutOptions } from './fitted-readout.ts'
export { linearProbe, type LinearProbeOptions, type LinearProbeResult } from './linear-probe.ts'
export { meanClassifier, type MeanClassifierResult } from './mean-classifier.ts'
export { lowLabelProbe, type LowLabelProbeOptions, type LowLabelReadout } from './low-label-probe.ts'
export { nearestNeighbours, type NearestNeighboursOptions } from './nearest-neighbours.ts'
export { nearestRows, type NearestRows, type NearestRowsOptions, type Rows } from './nearest-rows.ts'
export {
  readCorrupted,
  type CorruptedReadout,
  type CorruptedReadouts,
  type Corruption,
  type ReadCorruptedOptions
} from './read-corrupted.ts'
export { readStages, type ReadStagesOptions, type StageReadout, type StageReadouts } from './read-stages.ts'
export type { LeftOut } from './read-whole.ts'
