export { atInference } from './at-inference.ts'
export type { Block } from './block.ts'
export { chain, residual, residualBlock, type ResidualBlockOptions, type ResidualOptions } from './blocks.ts'
export { checkWhole, mostDeep, mostWide } from './check-channels.ts'
export { connector, unpooled, type ConnectorOptions } from './connector.ts'
export { convBlock, convolution, type ConvBlockOptions, type ConvolutionOptions } from './conv-block.ts'
export { depthwise, type DepthwiseOptions } from './depthwise.ts'
export { grayscale, outlines } from './grayscale.ts'
export {
  convDecoder,
  identity,
  linear,
  projector,
  type ConvDecoderOptions,
  type LinearOptions,
  type ProjectorOptions
} from './heads.ts'
export { interpolated } from './interpolated.ts'
export { maxPool } from './max-pool.ts'
export { normBlock, type NormBlockOptions } from './norm-block.ts'
export {
  batchNorm,
  groupNorm,
  normNames,
  normOf,
  type GroupNormOptions,
  type Norm,
  type NormName,
  type NormOptions
} from './norm.ts'
export { globalAveragePool } from './pool.ts'
export { seeing } from './seeing.ts'
export { stageOf, stagesOf } from './stage-of.ts'
export { fromStateDict, toStateDict, type Naming, type TorchNetwork } from './state-dict.ts'
