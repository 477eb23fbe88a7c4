export * from '@lapstrake/backbone-resnet'
export * from '@lapstrake/core'
export * from '@lapstrake/data'
export * from '@lapstrake/evaluation'
export * from '@lapstrake/isolation'
export * from '@lapstrake/layers'
export * from '@lapstrake/loss-cacr'
export * from '@lapstrake/loss-cross-entropy'
export * from '@lapstrake/loss-distillation'
export * from '@lapstrake/loss-info-nce'
export * from '@lapstrake/loss-non-contrastive'
export * from '@lapstrake/loss-pac-bayes'
export * from '@lapstrake/loss-supcon'
export * from '@lapstrake/optimizers'
export * from '@lapstrake/planner'
export * from '@lapstrake/scheduler'
export { certify, type CertificateField, type Certified, type CertifyOptions } from './certify.ts'
export { checkExperiment } from './check-experiment.ts'
export { fingerprintOf } from './data-fingerprint.ts'
export type { FreezeField, UnitProgress } from './freezing.ts'
export { linearReadout, type ReadoutOptions } from './linear-readout.ts'
export type { TrainedTeacher } from './load-teacher.ts'
export type { StageDiagnosis, UnitDiagnosis } from './monitor.ts'
export { describeRun, type SavedRun } from './saved-run.ts'
export { sweepVariants, type Sweep, type SweepFields, type SweepVariant } from './sweep.ts'
export {
  inputShapeOf,
  train,
  TrainingStopped,
  type StepMetrics,
  type TrainOptions,
  type Trained,
  type Experiment
} from './train.ts'
export { useBackend, type BackendChoice, type BackendName, type UseBackendOptions } from './use-backend.ts'
export { weightsOf } from './weights-of.ts'
export { withProbes } from './with-probes.ts'
