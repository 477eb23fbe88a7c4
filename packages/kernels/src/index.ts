export { adamWUpdate } from './adam-w-update.ts'
export { batchNormGradient } from './batch-norm-gradient.ts'
export { blurImages } from './blur-images.ts'
export { channelMoments } from './channel-moments.ts'
export { contrastRows } from './contrast-rows.ts'
export { fusedKernels } from './fused-kernels.ts'
export { groupNorm } from './group-norm.ts'
export { groupNormGradient } from './group-norm-gradient.ts'
export { larsUpdate } from './lars-update.ts'
export { length } from './length.ts'
export { lifted, mixColors } from './mix-colors.ts'
export { decayed, momentumUpdate } from './momentum-update.ts'
export { affine, channelSums, normalise, type Moments, type Normalised } from './normalisation.ts'
export { reluGradient } from './relu-gradient.ts'
export { reluOfSum } from './relu-of-sum.ts'
export { leaveOut, softmaxRows, type RowSoftmax } from './softmax-rows.ts'
export { transposedTimes } from './transposed-times.ts'
export {
  attributesOf,
  trace,
  traceAsync,
  type Attributes,
  type Call,
  type Constant,
  type Operand,
  type Trace,
  type Traced,
  type TraceOptions,
  type Value
} from './trace.ts'
