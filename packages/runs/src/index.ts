export { breathe } from './breathe.ts'
export type { CertificateOptions, SupervisedOptions } from './certificate-options.ts'
export { certify, type Certified, type CertifiedSupervised, type CertifyOptions } from './certify.ts'
export { checkExperiment } from './check-experiment.ts'
export { fingerprintOf } from './data-fingerprint.ts'
export type { Experiment } from './experiment.ts'
export { linearReadout, type LinearReadoutOptions } from './linear-readout.ts'
export type { Beginning, TrainedTeacher } from './experiment.ts'
export { describeRun, type SavedRun } from './saved-run.ts'
export type { StageDiagnosis } from './stage-diagnoses.ts'
export type { StepMetrics } from './step-metrics.ts'
export { sweepVariants, type Sweep, type SweepFields, type SweepVariant } from './sweep.ts'
export type { TrainOptions } from './train-options.ts'
export type { Trained } from './train-options.ts'
export { run } from './run.ts'
export type { End, Opening, RunEvent, Shaders, Standing, Step, TeacherStep, Warning } from './run-events.ts'
export type { RunOptions } from './run-options.ts'
export { train } from './train.ts'
export { exampleBatch, inputShapeOf } from './trial-batch.ts'
export { TrainingStopped } from './training-stopped.ts'
export type { UnitDiagnosis } from './unit-diagnosis.ts'
export {
  BackendUnavailable,
  useBackend,
  type BackendChoice,
  type BackendName,
  type UseBackendOptions
} from './use-backend.ts'
export { validationLoss, type ValidationLoss, type ValidationLossOptions } from './validation-loss.ts'
export { weightsOf } from './weights-of.ts'
export { withProbes } from './with-probes.ts'
