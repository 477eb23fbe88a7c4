export { ab, activationBoundary, type ABOptions } from './activation-boundary.ts'
export { at, attentionTransfer, type AttentionOptions } from './attention-transfer.ts'
export { carrying } from './carrying.ts'
export { cc, correlationCongruence } from './correlation-congruence.ts'
export {
  contrastSampler,
  type ContrastClasses,
  type ContrastSampler,
  type ContrastSamplerOptions
} from './contrast-sampler.ts'
export { crd, type CRDMemory, type CRDOptions } from './crd.ts'
export { crdInBatch, crdQueue, type CRDInBatchOptions, type CRDQueueOptions, type CRDQueues } from './crd-in-batch.ts'
export {
  crdLoss,
  noiseContrastive,
  type Banks,
  type CRDLossInputs,
  type CRDLossOptions,
  type CRDLossResult,
  type LogNormalisers,
  type NoiseContrastiveOptions
} from './crd-loss.ts'
export { factorTransfer, ft, type FactorOptions } from './factor-transfer.ts'
export { fitNet, hint, type HintOptions } from './hint.ts'
export { flowOfSolution, fsp, type FSPLossOptions, type FSPOptions } from './flow-of-solution.ts'
export { kd, knowledgeDistillation, type KDOptions } from './knowledge-distillation.ts'
export { neuronSelectivity, nst, type NSTOptions } from './neuron-selectivity.ts'
export { pkt, probabilisticTransfer, type PKTOptions } from './probabilistic-transfer.ts'
export type { Projection, Projections } from './projections.ts'
export { relational, rkd, type RKDOptions } from './relational.ts'
export { similarityPreserving, sp } from './similarity-preserving.ts'
export { variationalInformation, vid, type Regressor, type VIDOptions } from './variational-information.ts'
