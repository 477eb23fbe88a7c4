export { collectFeatures, type CollectOptions, type Features } from './features.ts'
export { diagnose, type Diagnosis } from './diagnose.ts'
export { linearProbe, type LinearProbeOptions, type LinearProbeResult } from './linear-probe.ts'
export { nearestNeighbours, type NearestNeighboursOptions } from './nearest-neighbours.ts'
