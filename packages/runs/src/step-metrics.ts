import type { StageDiagnosis } from './stage-diagnoses.ts'
import type { UnitDiagnosis } from './unit-diagnosis.ts'

/** What is known after a step. */
export interface StepMetrics {
  readonly step: number
  readonly steps: number
  readonly epoch: number
  readonly losses: Readonly<Record<string, number>>
  /** Duration of the step with its losses read, without waiting for data. */
  readonly milliseconds: number
  /** Milliseconds spent waiting for data: for the examples to be read and decoded. */
  readonly waited: number
  /**
   * The peak of the step, in bytes: most of all tensors that are alive at once in it, those that it begins with
   * included – weights, what optimizers, losses and teachers hold, the batch – as `plan` foresees it. What kernels need
   * for themselves is not among them, nor the state before, which a run keeps to fall back to.
   */
  readonly peakBytes: number
  /** Examples of the batch that stand in for others, which cannot be read. */
  readonly replaced?: number | undefined
  /** What the embeddings of each unit tell, at steps that are diagnosed. */
  readonly diagnoses?: Readonly<Record<string, UnitDiagnosis>> | undefined
  /** What each stage does, from the bottom, at steps that are diagnosed. */
  readonly stages?: readonly StageDiagnosis[] | undefined
}
